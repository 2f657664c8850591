"""Small changes to Python, SQL and the map: what somebody might get wrong, one at a time.

Each yields (kind, first offset, end offset, text to put there) on the text of one file.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple


class Change(NamedTuple):
    kind: str
    start: int
    end: int
    text: str


# --- Python ---------------------------------------------------------------------------------------------

_COMPARISONS = {
    ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">", ast.Eq: "!=", ast.NotEq: "==",
    ast.In: "not in", ast.NotIn: "in", ast.Is: "is not", ast.IsNot: "is",
}  # fmt: skip
_COLLECTIONS = (ast.List, ast.Set, ast.Tuple)


def of_python(text: str) -> Iterator[Change]:
    """Changes to everything that runs; docstrings, annotations and text that people read are left alone."""
    lines = text.encode().splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    source = text.encode()

    def offset(byte: int) -> int:
        return len(source[:byte].decode())

    def span(node: ast.AST) -> tuple[int, int]:
        first = starts[node.lineno - 1] + node.col_offset  # type: ignore[attr-defined]
        end = starts[node.end_lineno - 1] + node.end_col_offset  # type: ignore[attr-defined]
        return offset(first), offset(end)

    def code(node: ast.AST) -> str:
        first, end = span(node)
        return text[first:end]

    def put(kind: str, node: ast.AST, new: str) -> Change:
        return Change(kind, *span(node), new)

    for node in _that_runs(ast.parse(text)):
        match node:
            case ast.Compare(ops=[op], left=left, comparators=[right]) if type(op) in _COMPARISONS:
                new = f"({code(left)} {_COMPARISONS[type(op)]} {code(right)})"
                yield put("comparison", node, new)
            case ast.BoolOp(op=op, values=values):
                other = " or " if isinstance(op, ast.And) else " and "
                yield put("and/or", node, "(" + other.join(f"({code(each)})" for each in values) + ")")
                same = " and " if isinstance(op, ast.And) else " or "
                for left_out in range(len(values)):
                    kept = [f"({code(each)})" for n, each in enumerate(values) if n != left_out]
                    yield put("condition dropped", node, "(" + same.join(kept) + ")")
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                yield put("not dropped", node, f"({code(operand)})")
            case ast.BinOp(op=ast.Add() | ast.Sub(), left=left, right=right):
                sign = "-" if isinstance(node.op, ast.Add) else "+"
                yield put("plus/minus", node, f"({code(left)} {sign} {code(right)})")
            case ast.Constant(value=bool()):
                yield put("true/false", node, str(not node.value))
            case ast.Constant(value=int()):
                yield put("off by one", node, str(node.value + 1))
            case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test) if not isinstance(
                test, ast.Compare | ast.BoolOp | ast.UnaryOp
            ):
                yield put("condition turned", test, f"(not ({code(test)}))")
            case ast.List() | ast.Set() | ast.Tuple() if isinstance(
                getattr(node, "ctx", ast.Load()), ast.Load
            ):
                for n in range(len(node.elts)):
                    yield _without(node.elts, n, span, text)
            case ast.Dict(keys=keys, values=values):
                for key, value in zip(keys, values, strict=True):
                    first = span(key)[0] if key else text.rindex("**", 0, span(value)[0])
                    yield Change("element dropped", first, _after_comma(text, span(value)[1]), "")
            case ast.Call(args=args, keywords=keywords):
                if len(args) > 1 and not any(isinstance(each, ast.Starred) for each in args[:2]):
                    new = f"{code(args[1])}, {code(args[0])}"
                    yield Change("arguments swapped", span(args[0])[0], span(args[1])[1], new)
                for keyword in keywords:
                    if keyword.arg:
                        first, end = span(keyword)
                        yield Change("keyword dropped", first, _after_comma(text, end), "")
            case ast.Return(value=ast.expr() as value) if not isinstance(value, ast.Constant):
                yield put("returns None", value, "None")
            case ast.Expr(value=ast.Call() | ast.Await()) | ast.AugAssign() | ast.Raise() | ast.Continue():
                yield put("statement dropped", node, "pass")
            case ast.Delete() | ast.Break():
                yield put("statement dropped", node, "pass")


def _that_runs(tree: ast.Module) -> Iterator[ast.AST]:
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "type_params", "decorator_list"):
                continue
            children = value if isinstance(value, list) else [value]
            waiting += [each for each in children if isinstance(each, ast.AST) and not _is_for_people(each)]


def _is_for_people(node: ast.AST) -> bool:
    match node:
        case ast.JoinedStr():
            return True
        case ast.Expr(value=ast.Constant()):
            return True
        case ast.Assign(value=ast.Subscript(value=ast.Name(id="Literal" | "Mapping" | "tuple" | "dict"))):
            return True  # the alias of a type
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return True
    return False


def _without(elements, n, span, text) -> Change:  # type: ignore[no-untyped-def]
    first, end = span(elements[n])
    if n and len(elements) == 2 and text[first - 2 : first] == ", ":
        return Change("element dropped", first, end, "")
    return Change("element dropped", first, _after_comma(text, end), "")


def _after_comma(text: str, end: int) -> int:
    comma = re.compile(r"\s*,[ ]?").match(text, end)
    return comma.end() if comma else end


# --- SQL ------------------------------------------------------------------------------------------------

_SQL_COMPARISONS = {"<=": "<", ">=": ">", "<>": "=", "<": "<=", ">": ">=", "=": "<>"}
_SQL_WORDS = {
    "left join": "join", "semi join": "anti join", "anti join": "semi join", "distinct": "",
    "min": "max", "max": "min", "least": "greatest", "greatest": "least", "or": "and",
    "is not null": "is null", "is null": "is not null", "not": "",
}  # fmt: skip
_END_OF_CONDITION = re.compile(
    r"\b(and|or|group by|order by|having|qualify|where|union|((left|semi|anti) )?join|window|cross)\b|;"
)


def of_sql(text: str) -> Iterator[Change]:
    """Changes to the query, not to the header above it nor to comments."""
    begin = text.index("*/") + 2 if text.lstrip().startswith("/*") else 0
    hidden = [m.span() for m in re.finditer(r"--[^\n]*", text)]

    def is_code(at: int) -> bool:
        return at >= begin and not any(first <= at < end for first, end in hidden)

    for found in re.finditer(r"<=|>=|<>|<|>|=", text):
        if is_code(found.start()):
            yield Change("comparison", *found.span(), _SQL_COMPARISONS[found[0]])
    for words, new in _SQL_WORDS.items():
        behind = r"\s*\(" if words in ("min", "max", "least", "greatest") else ""
        for found in re.finditer(rf"\b({words})\b(?={behind or ''})", text):
            before = text[: found.start()].rstrip()
            is_part_of_another = (words == "not" and text.startswith("not null", found.start())) or (
                words == "distinct" and before.endswith("is")
            )
            if is_code(found.start()) and not is_part_of_another:
                yield Change(f"{words} changed", *found.span(), new)
    for found in re.finditer(r"(?<![\w'])\d+\b(?!')", text):
        if is_code(found.start()):
            yield Change("off by one", *found.span(), str(int(found[0]) + 1))
    for found in re.finditer(r"\b(and|where|on|or)\b", text):
        if is_code(found.start()) and not re.search(r"between\s+\S+\s*$", text[: found.start()]):
            end = _end_of_condition(text, found.end())
            if found[0] in ("and", "or"):
                yield Change("condition dropped", found.start(), end, "")
            elif "between unbounded" not in text[found.end() : end]:
                yield Change("condition dropped", found.end(), end, " true ")
    for found in re.finditer(r"\bunion( all)?\b", text):
        if is_code(found.start()):
            yield Change("union member dropped", found.start(), _end_of_member(text, found.end()), "")
    for found in re.finditer(r"(\bin|using|partition by|coalesce) ?\(?([^()]*,[^()]*?)(\)| order)", text):
        if is_code(found.start()):
            at = found.start(2)
            for part in found[2].split(","):
                end = at + len(part)
                if end < found.end(2):
                    yield Change("element dropped", at, end + 1, "")
                else:
                    yield Change("element dropped", at - 1, end, "")
                at = end + 1


def _end_of_condition(text: str, at: int) -> int:
    return _walk(text, at, lambda rest: _END_OF_CONDITION.match(rest) is not None)


def _end_of_member(text: str, at: int) -> int:
    return _walk(text, at, lambda rest: re.match(r"union\b|;", rest) is not None)


def _walk(text: str, at: int, stops) -> int:  # type: ignore[no-untyped-def]
    """Where this part of a query ends: at such a word, or where the bracket around it closes."""
    depth, between = 0, False
    while at < len(text):
        if text[at] == "(":
            depth += 1
        elif text[at] == ")":
            depth -= 1
            if depth < 0:
                return at
        elif depth == 0 and not text[at - 1].isalnum() and text[at - 1] != "_":
            if text.startswith("between ", at):
                between = True
            elif between and text.startswith("and ", at):
                between = False
            elif stops(text[at:]):
                return at
        at += 1
    return len(text)


# --- the map --------------------------------------------------------------------------------------------


def of_map(text: str) -> Iterator[Change]:
    """Changes to what decides in a rubric map: amounts, weeks, quarters, all and any."""
    for found in re.finditer(r"(?:at_least: |\bin: )(\d+)", text):
        yield Change("off by one", *found.span(1), str(int(found[1]) + 1))
    for found in re.finditer(r"over: (1 quarter|2 quarters)", text):
        yield Change("span changed", *found.span(1), "2 quarters" if found[1][0] == "1" else "1 quarter")
    for found in re.finditer(r"\b(seen_when: )?(any|all)(?=:|\n)", text):
        yield Change("all/any", *found.span(2), "any" if found[2] == "all" else "all")
    for found in re.finditer(r"\n *- \{?signal: [^\n]*\n(?: {10,}(?!-)[^\n]*\n)*", text):
        yield Change("rule dropped", found.start() + 1, found.end(), "")
