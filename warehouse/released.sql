-- What an analyst may ask: the published releases as tables. No person, no count of people, no order of them.

create table releases (
  team varchar not null,
  quarter varchar not null,
  starts_on date not null,
  ends_on date not null,
  published_on date not null,
  rubric varchar not null,
  rubric_title varchar not null,
  agreement_sha256 varchar not null
);
comment on table releases is 'one row a release: a team, a closed quarter and a rubric, published once';
comment on column releases.team is 'the home team, as the roster named it';
comment on column releases.quarter is '2026Q3';
comment on column releases.starts_on is 'first day of the quarter';
comment on column releases.ends_on is 'first day after it';
comment on column releases.published_on is 'the day it was published; it was never computed again';
comment on column releases.rubric is 'id of the rubric; a team on several has a release for each';
comment on column releases.rubric_title is 'what the rubric is called';
comment on column releases.agreement_sha256 is 'version of the agreement it was made under';

create table sources (
  team varchar not null,
  quarter varchar not null,
  rubric varchar not null,
  source varchar not null,
  complete boolean not null,
  covers_from date,
  covers_through date,
  because varchar
);
comment on table sources is 'one row a release and source: how complete it was when the release was made';
comment on column sources.team is 'as in releases';
comment on column sources.quarter is 'as in releases';
comment on column sources.rubric is 'as in releases';
comment on column sources.source is 'github, pagerduty ...';
comment on column sources.complete is 'whether it could speak of the whole quarter';
comment on column sources.covers_from is 'first day it could speak of';
comment on column sources.covers_through is 'last day it could speak of';
comment on column sources.because is 'why it was not complete';

create table items (
  rubric varchar not null,
  quarter varchar not null,
  item varchar not null,
  pillar varchar,
  item_group varchar,
  says varchar,
  class varchar not null,
  question varchar,
  sources varchar[] not null,
  misleads varchar[] not null
);
comment on table items is 'one row an item of a rubric and quarter: what the map said of it, the same for every team';
comment on column items.rubric is 'as in releases';
comment on column items.quarter is 'as in releases';
comment on column items.item is 'id of the item';
comment on column items.pillar is 'the part of the rubric it stands in';
comment on column items.item_group is 'the group it stands in';
comment on column items.says is 'the item in the words of the rubric';
comment on column items.class is 'observable, partly, ask, withheld';
comment on column items.question is 'what to ask where tools cannot show it';
comment on column items.sources is 'the sources it needs';
comment on column items.misleads is 'what its signals cannot see';

create table answers (
  team varchar not null,
  quarter varchar not null,
  rubric varchar not null,
  item varchar not null,
  answer varchar not null,
  band varchar,
  because varchar
);
comment on table answers is 'one row a release and item: the band, or why there is none';
comment on column answers.team is 'as in releases';
comment on column answers.quarter is 'as in releases';
comment on column answers.rubric is 'as in releases';
comment on column answers.item is 'as in items';
comment on column answers.answer is 'band; else left open (a source was incomplete), not shown, withdrawn, ask, withheld';
comment on column answers.band is 'one word for the whole team: fewer than half, about half or more, few, some, most';
comment on column answers.because is 'why there is no band';

create table processes (
  team varchar not null,
  quarter varchar not null,
  rubric varchar not null,
  process varchar not null,
  asks varchar not null,
  sources varchar[] not null,
  misleads varchar[] not null,
  answer varchar not null,
  band varchar,
  because varchar
);
comment on table processes is 'one row a release and team process: how the team works together, in one word';
comment on column processes.team is 'as in releases';
comment on column processes.quarter is 'as in releases';
comment on column processes.rubric is 'as in releases';
comment on column processes.process is 'the signal it is';
comment on column processes.asks is 'its question';
comment on column processes.sources is 'the sources it needs';
comment on column processes.misleads is 'what it cannot see';
comment on column processes.answer is 'as in answers';
comment on column processes.band is 'as in answers';
comment on column processes.because is 'as in answers';

create table signals (
  quarter varchar not null,
  signal varchar not null,
  kind varchar not null,
  asks varchar not null,
  repositories bigint,
  answer varchar not null,
  word varchar,
  rests_with varchar[] not null,
  because varchar,
  blind varchar[] not null
);
comment on table signals is 'one row a signal and quarter: what it can and cannot see in the whole organisation';
comment on column signals.quarter is 'as in releases';
comment on column signals.signal is 'its name';
comment on column signals.kind is 'evidence, opportunity, process';
comment on column signals.asks is 'its question';
comment on column signals.repositories is 'in how many repositories it can come up at all; null where it needs none';
comment on column signals.answer is 'word, or not shown';
comment on column signals.word is 'often, or seldom or never';
comment on column signals.rests_with is 'other signals that rest on most of its objects';
comment on column signals.because is 'why there is no word';
comment on column signals.blind is 'what it cannot see';
