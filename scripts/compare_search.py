#!/usr/bin/env python3
"""Asks other engines the sample queries and prints how good their answers are, in Markdown.

Each gets the same articles (question, answer, keywords) and looks for any token of the query, cut
by its own tokenizer.
"""

import argparse
import json
import math
import os
import sqlite3
import subprocess
import tempfile
from pathlib import Path

DEPTH = 10
COLUMNS = ("question", "answer", "keywords")
# Rows of the example `parts` that are shown.
OURS = ("all", "all but meaning", "plain BM25, one field")


def read(file):
    with open(file, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def columns(article):
    return {
        "question": article["question"],
        "answer": article["answer"],
        "keywords": " ".join(article["keywords"]),
    }


class Groonga:
    """A server of its own in a folder that goes with it; commands and answers are lines."""

    TOKENIZER = "TokenMecab"
    # The one that our own search uses.
    DICTIONARY = "/var/lib/mecab/dic/ipadic-utf8"
    # The normalizer NormalizerNFKC by the version of Unicode.
    NORMALIZER = "NormalizerNFKC130"

    def __init__(self, articles):
        self.folder = tempfile.TemporaryDirectory()
        # MeCab's own default is whichever dictionary the machine prefers.
        settings = Path(self.folder.name) / "mecabrc"
        settings.write_text(f"dicdir = {self.DICTIONARY}\n")
        self.process = subprocess.Popen(
            ["groonga", "-n", str(Path(self.folder.name) / "db")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, "MECABRC": str(settings)},
        )
        self.version = self.ask("status")["version"]
        # Scores are whole numbers before version 3 of the commands.
        self.ask("status", command_version=3)
        self.ask("table_create", name="Articles", flags="TABLE_HASH_KEY", key_type="ShortText")
        for name in COLUMNS:
            self.ask("column_create", table="Articles", name=name, flags="COLUMN_SCALAR", type="Text")
        self.ask(
            "table_create",
            name="Terms",
            flags="TABLE_PAT_KEY",
            key_type="ShortText",
            default_tokenizer=self.TOKENIZER,
            normalizer=self.NORMALIZER,
        )
        for name in COLUMNS:
            self.ask(
                "column_create",
                table="Terms",
                name=f"by_{name}",
                flags="COLUMN_INDEX|WITH_POSITION",
                type="Articles",
                source=name,
            )
        rows = [{"_key": article["id"], **columns(article)} for article in articles]
        loaded = self.ask("load", table="Articles", values=json.dumps(rows, ensure_ascii=False))
        count = loaded["n_loaded_records"] if isinstance(loaded, dict) else loaded
        assert count == len(articles), loaded

    def ask(self, command, **arguments):
        parts = [command]
        for name, value in arguments.items():
            text = str(value).replace("\\", "\\\\").replace('"', '\\"')
            parts.append(f'--{name} "{text}"')
        self.process.stdin.write(" ".join(parts) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        head, body = (answer["header"], answer.get("body")) if isinstance(answer, dict) else answer[:2]
        code = head["return_code"] if isinstance(head, dict) else head[0]
        assert code == 0, (command, answer)
        return body

    def search(self, text):
        tokens = self.ask(
            "tokenize", tokenizer=self.TOKENIZER, normalizer=self.NORMALIZER, string=text, mode="GET"
        )
        words = dict.fromkeys(token["value"] for token in tokens if token["value"].strip())
        if not words:
            return []
        quoted = ['"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"' for word in words]
        found = self.ask(
            "select",
            table="Articles",
            match_columns=" || ".join(f"scorer_tf_idf({name})" for name in COLUMNS),
            query=" OR ".join(quoted),
            output_columns="_key,_score",
            sort_keys="-_score,_key",
            limit=DEPTH,
            command_version=3,
        )
        rows = found["records"] if isinstance(found, dict) else found[0][2:]
        return [row[0] for row in rows]

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.folder.cleanup()


class Fts5:
    """SQLite's full-text search over runs of three letters."""

    def __init__(self, articles):
        self.version = sqlite3.sqlite_version
        self.base = sqlite3.connect(":memory:")
        self.base.execute(
            "CREATE VIRTUAL TABLE articles USING fts5(id UNINDEXED, question, answer, keywords,"
            " tokenize = 'trigram')"
        )
        for article in articles:
            row = (article["id"], *columns(article).values())
            self.base.execute("INSERT INTO articles VALUES (?, ?, ?, ?)", row)

    def search(self, text):
        runs = [text[at : at + 3] for at in range(len(text) - 2)]
        if runs:
            wanted = " OR ".join('"' + run.replace('"', '""') + '"' for run in dict.fromkeys(runs))
            rows = self.base.execute(
                "SELECT id FROM articles WHERE articles MATCH ? ORDER BY bm25(articles), id LIMIT ?",
                (wanted, DEPTH),
            )
        else:
            like = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
            rows = self.base.execute(
                "SELECT id FROM articles WHERE question LIKE ?1 ESCAPE '\\' OR answer LIKE ?1"
                " ESCAPE '\\' OR keywords LIKE ?1 ESCAPE '\\' ORDER BY id LIMIT ?2",
                (like, DEPTH),
            )
        return [row[0] for row in rows]


def gain(grades):
    return sum((2**grade - 1) / math.log2(at + 2) for at, grade in enumerate(grades))


def measure(engine, queries):
    sums = [0.0] * 4
    for query in queries:
        relevant = query["relevant"]
        grades = [relevant.get(found, 0) for found in engine.search(query["query"])]
        first = next((at for at, grade in enumerate(grades) if grade > 0), None)
        ideal = gain(sorted(relevant.values(), reverse=True)[:DEPTH])
        sums[0] += first == 0
        sums[1] += first is not None and first < 5
        sums[2] += 0 if first is None else 1 / (first + 1)
        sums[3] += gain(grades) / ideal if ideal else 0
    return [total / len(queries) for total in sums]


def ours(file):
    """The rows of the example `parts`, by file of queries and name."""
    rows, of = {}, None
    for line in Path(file).read_text(encoding="utf-8").splitlines():
        if line.endswith(".jsonl"):
            of = line.strip()
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) >= 5 and cells[0] in OURS:
            rows[of, cells[0]] = cells[1:5]
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ours", required=True, help="what the example `parts` printed")
    parser.add_argument("docs")
    parser.add_argument("queries", nargs="+")
    given = parser.parse_args()
    articles = read(given.docs)
    groonga, fts5 = Groonga(articles), Fts5(articles)
    engines = {
        f"Groonga {groonga.version}, TokenMecab (IPADIC), {Groonga.NORMALIZER}, TF-IDF": groonga,
        f"SQLite {fts5.version} FTS5, trigram, BM25": fts5,
    }
    parts = ours(given.ours)
    for file in given.queries:
        queries = read(file)
        print(f"\n{Path(file).name}, {len(queries)} queries\n")
        print("| | P@1 | SR@5 | MRR@10 | nDCG@10 |\n| --- | --- | --- | --- | --- |")
        for name, engine in engines.items():
            cells = (f"{value:.3f}" for value in measure(engine, queries))
            print(f"| {name} | {' | '.join(cells)} |")
        for name in reversed(OURS):
            print(f"| Madoguchi, {name} | {' | '.join(parts[file, name])} |")
    groonga.close()


if __name__ == "__main__":
    main()
