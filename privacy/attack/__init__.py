"""The independent attacker: all that was ever published, rosters and colluders in; who is given away out.

Shares no code with the door it attacks: a mistake there must not be repeated here. A test holds that line.
"""
