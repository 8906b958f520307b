"""The jobs of the toy system, in plain Python: a process that runs them begins at once."""

import json
import random
import time

from backends.lab.reporter import Reporter
from backends.lab.whole_files import write_whole
from tests.backends.lab.shelf.toy.line_fit.spec import FailParams, FitParams, FitResult


def train(params: FitParams, report: Reporter) -> FitResult:
    points = [(x / 10, 2 * x / 10 + random.gauss(0, 0.1)) for x in range(10)]
    checkpoint = report.checkpoints / "fit.json"
    step, slope = json.loads(checkpoint.read_text()) if checkpoint.exists() else (0, 0.0)
    while step < params.steps:
        report.check_cancelled()
        slope -= params.rate * sum((slope * x - y) * x for x, y in points) / len(points)
        step += 1
        report.metric(step, error=sum((slope * x - y) ** 2 for x, y in points))
        report.progress(step, params.steps)
        write_whole(checkpoint, json.dumps([step, slope]))
        time.sleep(params.pause)
    weights = report.json_artifact("line.json", {"slope": slope}, "The line.")
    return FitResult(metrics={"slope": slope}, slope=slope, artifacts=(weights,))


def fail(params: FailParams, report: Reporter) -> FitResult:
    raise ArithmeticError(params.how)
