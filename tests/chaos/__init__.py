"""`make chaos`: the whole system under fire, and a judgement of what is left.

`run.py` is the command, `driver.py` one run of it. `world.py` starts the servers and services, `town.py` and `load.py`
send contacts, `channel.py` and `platform.py` send messages to the intake, `plan.py` and `faults/` hurt the system,
`counts.py` says how often is enough, `recovery.py` measures how long it is felt. Then `observed.py` reads what is
there, `expected.py` judges what should be, `checker.py` and `mapped.py` compare, `told.py` keeps what a run found, and
`report.py` writes the page.
"""
