"""The simulator: random schedules over simulated sources, driven through the same functions as production.

python -m worklake.testing.simulate --schedules 2000 --seed 1
"""
