#!/usr/bin/env python3
"""Rows of Erlang A in 40 digits, by sums over the states of the queue and incomplete beta functions: a
way that has nothing in common with the integrals of services/staffing. Needs mpmath.

    scripts/erlang-reference.py > services/staffing/tests/staffing/erlang-reference.csv
"""
from mpmath import mp, mpf, betainc, exp, findroot

mp.dps = 40

ROWS = [
    # calls an hour, handling time, patience, agents, target
    (12, 400, 90, 2, 20),
    (12, 400, 90, 3, 0),
    (25.5, 333, 45, 3, 10),
    (25.5, 333, 600, 4, 30),
    (120, 200, 150, 7, 20),
    (120, 200, 150, 6, 45),
    (3, 600, 20, 1, 5),
    (40, 300, 1000, 2, 20),
    (300, 250, 75, 24, 15),
]
COLUMNS = (
    "lambda_per_h,aht_s,patience_s,agents,target_s,p_wait,p_abandon,mean_wait_all_s,mean_wait_served_s,"
    "sl_of_offered,sl_of_answered,sl_excl_short_aband,abandoned_within_target,occupancy,mean_queue,p90_wait_all_s"
)


def row(calls, aht, patience, agents, target):
    lam, mu, theta = mpf(calls) / 3600, 1 / mpf(aht), 1 / mpf(patience)
    a, target = agents * mu / theta, mpf(target)
    states, weight, n = [], mpf(1), 0
    while n < agents + 10 or weight > mpf(10) ** -35 * max(states):
        states.append(weight)
        n += 1
        weight *= lam / (min(n, agents) * mu + max(0, n - agents) * theta)
    whole = sum(states)
    waiting = [state / whole for state in states[agents:]]
    at_once = sum(states[:agents]) / whole
    served = [a / (a + j + 1) for j in range(len(waiting))]
    p_served = at_once + sum(p * s for p, s in zip(waiting, served))
    x = exp(-theta * target)
    in_time = at_once + sum(
        p * s * (1 - betainc(a + 1, j + 1, 0, x, regularized=True))
        for j, (p, s) in enumerate(zip(waiting, served))
    )
    wait, stages = mpf(0), mpf(0)
    for j, (p, s) in enumerate(zip(waiting, served)):
        stages += 1 / (agents * mu + (j + 1) * theta)
        wait += p * s * stages

    def beyond(t):
        y = exp(-theta * t)
        return y * sum(p * betainc(a, j + 1, 0, y, regularized=True) for j, p in enumerate(waiting))

    # Of all, those who are neither answered nor waiting after T have given up.
    gone = 1 - in_time - beyond(target)
    queue = sum(j * p for j, p in enumerate(waiting))
    p_wait = sum(waiting)
    p90 = mpf(0)
    if p_wait > mpf("0.1"):
        p90 = findroot(lambda t: beyond(t) - mpf("0.1"), (0, patience * 3), solver="anderson", tol=1e-25)
    figures = [
        p_wait, 1 - p_served, queue / lam, wait / p_served, in_time, in_time / p_served,
        in_time / (1 - gone), gone, lam * p_served / (agents * mu), queue, p90,
    ]
    inputs = [calls, aht, patience, agents, int(target)]
    return ",".join([str(value) for value in inputs] + [mp.nstr(value, 15) for value in figures])


print(COLUMNS)
for given in ROWS:
    print(row(*given))
