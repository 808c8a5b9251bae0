"""The report: one file, recall first, nothing from outside, nothing unescaped, no NaN."""

import base64
import json
import math
import re
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest

from lmsfa.card import ClassSpec, ModelCard
from lmsfa.commands import report as command
from lmsfa.data.annotated import AnnotatedSet, Annotation, DatasetClass, Sample
from lmsfa.data.corruptions import CORRUPTIONS, LEVELS
from lmsfa.errors import InputError
from lmsfa.evaluation.answers import AnsweredFrame, Answers, CodedMask
from lmsfa.evaluation.report import full_report
from lmsfa.evaluation.robustness import Robustness, RobustnessRow
from lmsfa.report.confusion import confusion
from lmsfa.report.inputs import ReportInputs
from lmsfa.report.page import render, write_report
from lmsfa.report.pictures import best_ious, worst_frames

HEIGHT, WIDTH = 60, 90
COLOURS = ((213, 94, 0), (0, 229, 255), (120, 60, 200))

Maker = Callable[..., ReportInputs]


def square(class_id: int, left: int, score: float = 1.0, shift: int = 0) -> CodedMask:
    mask = np.zeros((HEIGHT, WIDTH), dtype=np.bool_)
    mask[10 + shift : 30 + shift, left : left + 20] = True
    return CodedMask.of(class_id, mask, score)


def frame(name: str, truths: list[CodedMask], answers: list[CodedMask]) -> AnsweredFrame:
    void = CodedMask.of(-1, np.zeros((HEIGHT, WIDTH), dtype=np.bool_))
    surest = tuple(sorted(answers, key=lambda entry: -entry.score))
    return AnsweredFrame(name, "seq", HEIGHT, WIDTH, tuple(truths), surest, surest, void)


def ordinary(classes: int, pictures: int = 12) -> list[AnsweredFrame]:
    """Each picture shows one class and a square of the first, answered a pixel lower each."""
    return [
        frame(
            f"seq/{number:02d}.png",
            [square(number % classes, 5), square(0, 40)],
            [square(number % classes, 5, 0.9, shift=number)],
        )
        for number in range(pictures)
    ]


@pytest.fixture
def made(tmp_path: Path) -> Maker:
    """Makes a report's inputs of classes, roles and frames."""

    def make(
        names: tuple[str, ...] = ("bone", "nerve"),
        roles: tuple[str, ...] = (),
        frames: list[AnsweredFrame] | None = None,
        **more: object,
    ) -> ReportInputs:
        frames = ordinary(len(names)) if frames is None else frames
        rng = np.random.default_rng(0)
        samples = []
        for entry in frames:
            path = tmp_path / entry.name.replace("/", "-")
            cv2.imwrite(str(path), rng.integers(60, 160, (HEIGHT, WIDTH, 3)).astype(np.uint8))
            samples.append(Sample(entry.name, entry.group, path))
        colours = [COLOURS[number % len(COLOURS)] for number in range(len(names))]
        specs = tuple(
            ClassSpec(name, colour, role)
            for name, colour, role in zip(
                names, colours, roles or ("structure",) * len(names), strict=True
            )
        )
        card = ModelCard("lmsfa", "made", specs, names, 320, 32, 0.3, 0.6, "nothing")
        card = replace(card, **more.pop("card", {}))
        dataset = AnnotatedSet(
            tmp_path,
            "squares",
            "label-map",
            tuple(DatasetClass(spec.name, spec.colour) for spec in specs),
            "",
            "",
            tuple(samples),
            {"val": tuple(sample.name for sample in samples)},
            lambda _: Annotation(HEIGHT, WIDTH, (), np.zeros((HEIGHT, WIDTH), dtype=np.bool_)),
        )
        answers = Answers(names, card.draw_order, tuple(frames))
        figures = full_report(answers, card)
        return ReportInputs(
            dataset, "val", card, answers, figures, "lmsfa report", datetime.now(), **more
        )

    return make


class Page(HTMLParser):
    """What a browser reads: text, tags, attributes, and the cells of every table."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.tables: list[list[list[str]]] = []
        self._inside: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("th", "td"):
            self.tables[-1][-1].append("")
        if tag not in ("meta", "img", "link", "br"):
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._inside and self._inside.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if "style" in self._inside:
            return
        self.words.append(data)
        if {"th", "td"} & set(self._inside):
            self.tables[-1][-1][-1] += data

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    @property
    def data_uris(self) -> list[str]:
        return [value for name, value in self.attributes if name == "src"]


def page_of(inputs: ReportInputs) -> Page:
    return Page(render(inputs))


def all_text(page: Page) -> str:
    """The page's text with that of its SVG pictures."""
    pictures = [uri.split(",", 1)[1] for uri in page.data_uris if uri.startswith("data:image/svg")]
    return page.text + "".join(base64.b64decode(picture).decode() for picture in pictures)


def test_recall_is_the_first_column_and_protected_classes_the_first_rows(made: Maker) -> None:
    inputs = made(("bone", "fat", "nerve"), ("structure", "structure", "protected"))
    head, *rows = page_of(inputs).tables[0]
    assert head[:2] == ["Class", "Recall"]
    assert [row[0] for row in rows] == ["nerve protected", "bone", "fat"]
    assert page_of(inputs).text.index("Recall, protected") < page_of(inputs).text.index("Mask AP50")


def test_figures_are_those_of_the_evaluation(made: Maker) -> None:
    inputs = made()
    shown = inputs.figures["shown"]["per_class"]["nerve"]
    _, *rows = page_of(inputs).tables[0]
    nerve = next(row for row in rows if row[0] == "nerve")
    assert nerve[1].startswith(f"{100 * shown['recall']:.0f} %")
    assert nerve[3] == f"{shown['missed']} of {shown['instances']}"
    assert nerve[6].startswith(f"{inputs.figures['per_class']['nerve']['ap50']:.3f}")


def test_nothing_is_asked_for_from_outside(made: Maker) -> None:
    rows = [{"epoch": n, "loss": 1 / n, "box": 0.5 / n, "learning_rate": 0.1} for n in (1, 2, 3)]
    html = render(made(epochs=rows))
    page = Page(html)
    assert not re.search(r"https?://|//[a-z]+\.|url\(|@import", html)
    assert not {"script", "link", "iframe", "a", "form"} & set(page.tags)
    assert len(page.data_uris) > 5
    assert all(uri.startswith("data:image/") for uri in page.data_uris)


def test_names_are_shown_as_they_are_and_never_run(made: Maker) -> None:
    name = '<script>alert("x")</script> & "nerve"'
    inputs = made(("bone", name), card={"leaks": ("<b>seq</b> is on both sides",)})
    html = render(inputs)
    page = Page(html)
    assert "<script" not in html
    assert "<b>seq" not in html
    assert name in page.text
    assert "<b>seq</b> is on both sides" in page.text


@pytest.mark.parametrize("names", [("nerve",), tuple(f"tissue {n}" * 9 for n in range(20))])
def test_one_class_and_twenty_long_names_are_reported(made: Maker, names: tuple[str, ...]) -> None:
    page = page_of(made(names))
    assert len(page.tables[0]) == len(names) + 1
    assert len(page.tables[1]) == len(names) + 2
    assert "nan" not in re.findall(r"[a-z]+", all_text(page).lower())


@pytest.mark.parametrize(
    "frames",
    [
        [frame("a.png", [], [])],
        [frame("a.png", [], [square(0, 5, 0.9)])],
        [frame("a.png", [square(0, 5)], [])],
        [frame("a.png", [square(1, 5)], [square(0, 5, 0.1)])],
    ],
)
def test_what_is_not_known_is_a_dash_never_nan(made: Maker, frames: list[AnsweredFrame]) -> None:
    page = page_of(made(frames=frames))
    assert "nan" not in re.findall(r"[a-z]+", all_text(page).lower())
    assert "None" not in [cell for table in page.tables for row in table for cell in row]
    assert "-" in [cell for table in page.tables for row in table for cell in row]


def test_a_class_that_is_missing_and_one_that_is_never_found_are_said_in_sentences(
    made: Maker,
) -> None:
    frames = [frame("a.png", [square(0, 5)], [])]
    text = page_of(made(frames=frames)).text
    assert "No nerve in this split: it has no figures." in text
    assert "Recall of bone is 0: none of 1 is found." in text
    assert "Fewer than 10 instances" in text


def test_leaks_stand_above_all_figures_and_grouping_is_said(made: Maker) -> None:
    leak = "patient 7 is in train and val"
    text = page_of(made(card={"leaks": (leak,), "grouped_by": "patient"})).text
    assert 0 < text.index("Patient 7 is in train and val.") < text.index("Mask AP50")
    assert "patient, but with the leaks below" in text
    clean = page_of(made(card={"grouped_by": "sequence, within patient"})).text
    assert "within patient: the same patients were seen in training" in clean
    assert "not apart" not in clean


def test_what_when_and_how_are_said_and_that_it_is_research(made: Maker) -> None:
    inputs = made(card={"command": "lmsfa train --data D"})
    text = page_of(inputs).text
    for said in ("lmsfa train --data D", "lmsfa report", f"{inputs.made:%Y-%m-%d %H:%M}"):
        assert said in text
    assert text.count("Research use only. Not a medical device;") == 2


def test_worst_pictures_are_the_worst_ten_and_the_worst_comes_first(made: Maker) -> None:
    inputs = made(frames=ordinary(1, 16), names=("bone",))
    shown = inputs.answers.shown(inputs.card.class_thresholds, inputs.card.same_share)
    worst = worst_frames(shown, 10)
    means = [float(best_ious(entry).mean()) for entry in worst]
    assert means == sorted(means)
    others = [entry for entry in shown.frames if entry not in worst]
    assert len(worst) == 10
    assert max(means) <= min(float(best_ious(entry).mean()) for entry in others)
    text = page_of(inputs).text
    assert text.index("seq/15.png") < text.index("seq/14.png")
    assert "seq/00.png" not in text


def test_missed_instances_are_dashed_on_both_pictures(made: Maker) -> None:
    missed = made(frames=[frame("a.png", [square(1, 30)], [])])
    found = made(frames=[frame("a.png", [square(1, 30)], [square(1, 30, 0.9)])])
    for inputs, dashed in ((missed, True), (found, False)):
        jpegs = [uri for uri in page_of(inputs).data_uris if uri.startswith("data:image/jpeg")]
        assert len(jpegs) == 2
        for uri in jpegs:
            coded = np.frombuffer(base64.b64decode(uri.split(",", 1)[1]), dtype=np.uint8)
            rgb = cv2.imdecode(coded, cv2.IMREAD_COLOR)
            # The made pictures hold no white; dashes are the only source of it.
            assert (rgb.min(axis=2) > 215).any() == dashed
    assert "1 of 1 missed" in page_of(missed).text
    assert "0 of 1 missed" in page_of(found).text


def test_confusion_counts_right_wrong_missed_and_false() -> None:
    frames = (
        frame("a", [square(0, 5), square(1, 40)], [square(0, 5, 0.9), square(0, 40, 0.8)]),
        frame("b", [square(1, 5)], [square(1, 5, 0.7, shift=30)]),
    )
    counts = confusion(Answers(("bone", "nerve"), (0, 1), frames))
    assert counts.tolist() == [[1, 0, 0], [1, 0, 1], [0, 1, 0]]


def test_a_right_answer_is_never_given_to_another_class() -> None:
    """Two answers lie on one nerve; the one that says nerve takes it, though it fits less."""
    answers = [square(1, 40, 0.5, shift=3), square(0, 40, 0.9)]
    counts = confusion(Answers(("bone", "nerve"), (0, 1), (frame("a", [square(1, 40)], answers),)))
    assert counts.tolist() == [[0, 0, 0], [0, 1, 0], [1, 0, 0]]


def test_training_curves_are_there_where_a_training_is_known(made: Maker) -> None:
    rows = [
        {"epoch": n, "loss": 9.0 / n, "box": 1.0 / n, "learning_rate": 1e-3} for n in range(1, 5)
    ]
    assert "How it was trained" not in page_of(made()).text
    for epochs in (rows, rows[:1], [*rows, {"epoch": 5, "loss": math.nan, "box": math.inf}]):
        page = page_of(made(epochs=epochs))
        assert "How it was trained" in page.text
        assert [value for name, value in page.attributes if name == "alt"].count(
            "Learning rate over the epochs"
        ) == 1


def test_robustness_is_reported_where_it_was_asked_for(made: Maker) -> None:
    rows = tuple(
        RobustnessRow(name, level, 0.8, 0.5 - 0.05 * level)
        for name in CORRUPTIONS
        for level in LEVELS
    )
    page = page_of(made(robustness=Robustness(0.9, 0.5, rows, 7)))
    assert "70 % of it is kept" in page.text
    nothing = tuple(replace(row, mask_ap50=None, mask_ap=None) for row in rows)
    page = page_of(made(robustness=Robustness(None, None, nothing, 7)))
    assert "- of it is kept" in page.text
    assert "nan" not in re.findall(r"[a-z]+", all_text(page).lower())


def test_the_file_is_written_whole_or_one_line_says_why_not(made: Maker, tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "report.html"
    write_report(path, made())
    assert path.read_text(encoding="utf-8").rstrip().endswith("</html>")
    assert list(path.parent.iterdir()) == [path]
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        write_report(tmp_path / "file" / "report.html", made())


def run(*arguments: str) -> None:
    parser = ArgumentParser()
    command.add(parser)
    options = parser.parse_args(arguments)
    options.command_line = "python -m lmsfa report"
    options.run(options)


def test_the_command_goes_from_weights_to_a_report(
    shapes_dataset: Path, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "report.html"
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "results.jsonl").write_text(json.dumps({"epoch": 1, "loss": 2.0}) + "\n")
    given = ["--data", str(shapes_dataset), "--weights", str(weights), "--output", str(output)]
    run(*given, "--run", str(folder), "--runtime", "torch-cpu")
    assert capsys.readouterr().out.strip() == str(output)
    page = Page(output.read_text(encoding="utf-8"))
    assert "bright square" in page.text
    assert "How it was trained" in page.text
    drawn = next(table for table in page.tables if table[0] == ["Figure", "Answers", "Truth"])
    assert ["specks a frame", "0.000", "0.000"] in drawn
    # An untrained network shows nothing.
    assert next(row for row in drawn if row[0] == "outlines")[1] == "0"
    with pytest.raises(InputError, match="give --overwrite"):
        run(*given)
    with pytest.raises(InputError, match=r"no results\.jsonl"):
        run(*given, "--overwrite", "--run", str(tmp_path))
    with pytest.raises(InputError, match="--robustness must be at least 1"):
        run(*given, "--overwrite", "--robustness", "0")
