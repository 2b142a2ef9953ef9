"""Writes the small Parquet files beside it, as other programs write them, for tests/parquet.rs.

Made with Python 3.11 and pyarrow 21:  python parquet.py
"""

import datetime as dt
import decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

here = Path(__file__).parent
days = [dt.date(2024, 2, 28), dt.date(2024, 2, 29), None]
moments = [dt.datetime(2024, 2, 28, 23, 59, 59, 500000), None, dt.datetime(1969, 12, 31)]

plain = pa.table(
    {
        "tiny": pa.array([-3, None, 7], pa.int8()),
        "count": pa.array([1, 2, 3], pa.uint16()),
        "id": pa.array([2**60 + 1, 2**60 + 2, 2**60 + 3], pa.int64()),
        "single": pa.array([0.5, float("nan"), None], pa.float32()),
        "double": pa.array([0.1, float("inf"), -1e300], pa.float64()),
        "text": pa.array(["a", "NA", " b "], pa.string()),
        "large": pa.array(["x", None, "y"], pa.large_string()),
        "kind": pa.array(["u", "v", "u"]).dictionary_encode(),
        "flag": pa.array([True, None, False]),
        "day": pa.array(days, pa.date32()),
        "moment": pa.array(moments, pa.timestamp("us")),
        "zoned": pa.array(moments, pa.timestamp("ns", tz="UTC")),
        "nothing": pa.nulls(3),
    }
)
pq.write_table(plain, here / "plain.parquet", compression="snappy")
pq.write_table(plain.select(["tiny", "text"]), here / "zstd.parquet", compression="zstd")
pq.write_table(pa.table({"a": [1, 2], "tags": [["x"], []]}), here / "list.parquet")
pq.write_table(pa.table({"a": [1, 2], "place": [{"x": 1.0}, {"x": 2.0}]}), here / "struct.parquet")
price = pa.array([decimal.Decimal("1.25"), None], pa.decimal128(10, 2))
pq.write_table(pa.table({"price": price}), here / "decimal.parquet")
pq.write_table(pa.table({"blob": pa.array([b"\x00\x01", None], pa.binary())}), here / "binary.parquet")
pq.write_table(pa.table({"clock": pa.array([dt.time(1, 2, 3)], pa.time64("us"))}), here / "time.parquet")
pq.write_table(pa.table({}), here / "no_columns.parquet")
pq.write_table(plain.slice(0, 0).select(["tiny", "text"]), here / "no_rows.parquet")

# For the end-to-end tests: two features and a label.
rows = range(80)
towns = pa.table(
    {
        "x": pa.array([i * 7 % 80 / 4 for i in rows], pa.float64()),
        "town": pa.array([["Ulm", "Jena"][i % 2] for i in rows]),
        "label": pa.array([["a", "b"][i // 3 % 2] for i in rows]),
    }
)
pq.write_table(towns, here / "../../../../tests/files/towns.parquet")
