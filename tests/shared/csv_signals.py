"""Signals in text files as people and programs write them, for Python's reader and the page's."""

import ecg_files
import numpy as np
import pandas as pd

FS = 360
MV = np.round(ecg_files.samples(seconds=10), 4)
N = len(MV)
T = np.arange(N) / FS
START = pd.Timestamp("2024-01-02 23:59:55")
STAMPS = START + pd.to_timedelta(T, unit="s")
SERIES = pd.Series(MV)
HOLES = np.where((np.arange(N) >= 100) & (np.arange(N) < 110), np.nan, MV)


def column(values=MV, decimal=".", end="\n") -> str:
    return "".join(f"{v:.4f}".replace(".", decimal) + end for v in values)


def frame(**columns) -> pd.DataFrame:
    return pd.DataFrame(columns)


def apple(labels, rate, decimal) -> str:
    name, born, recorded, kind, signs, version, device, rate_key, lead, unit = labels
    return (
        f'{name},A. B.\n{born},"Jan 1, 1970"\n{recorded},2024-01-02 03:04:05 +0100\n'
        f'{kind},Sinus Rhythm\n{signs},\n{version},1.90\n{device},"Watch6,1"\n{rate_key},{rate}\n'
        f"\n\n{lead},{lead} I\n{unit},µV\n\n\n" + column(1000 * MV, decimal)
    )


ENGLISH = ("Name", "Date of Birth", "Recorded Date", "Classification", "Symptoms",
           "Software Version", "Device", "Sample Rate", "Lead", "Unit")  # fmt: skip
GERMAN = ("Name", "Geburtsdatum", "Aufzeichnungsdatum", "Klassifizierung", "Symptome",
          "Softwareversion", "Gerät", "Abtastrate", "Ableitung", "Einheit")  # fmt: skip
FRENCH = ("Nom", "Date de naissance", "Date", "Classification", "Symptômes", "Version du logiciel",
          "Appareil", "Fréquence d’échantillonnage", "Dérivation", "Unité")  # fmt: skip
RUSSIAN = ("Имя", "Дата рождения", "Дата записи", "Классификация", "Симптомы", "Версия",
           "Устройство", "Частота дискретизации", "Отведение", "Единица")  # fmt: skip

WITHOUT_RATE = {
    "plain": column(),
    "decimal commas": column(decimal=","),
    "header": "ecg\n" + column(),
    "units header": "ECG (mV)\n" + column(),
    "series": SERIES.to_csv(),
    "series of whole numbers": pd.Series(np.round(MV * 200).astype(int)).to_csv(header=False),
    "series without header": SERIES.to_csv(header=False),
    "series without index": SERIES.to_csv(index=False),
    "series with semicolons": SERIES.to_csv(sep=";", decimal=","),
    "named series": SERIES.rename("ecg").to_csv(),
    "index from one": pd.Series(MV, index=range(1, N + 1)).to_csv(sep="\t"),
    "quoted": '"ecg"\n' + "".join(f'"{v:.4f}"\n' for v in MV),
    "quoted decimal commas": "".join(f'"{v:.4f}"\n'.replace(".", ",") for v in MV),
    "separator at the end": column(end=";\n", decimal=","),
    "comma at the end": column(end=",\n"),
    "exponents": "".join(f"{v:.18e}\n" for v in MV),
    "windows": column(end="\r\n"),
    "double line ends": column(end="\r\r\n"),
    "every second line empty": column(end="\n\n"),
    "empty lines at the end": column() + "\n\n\n",
    "spaces": "".join(f"  {i}   {v:.4f}\n" for i, v in enumerate(MV)),
    "one row": ",".join(f"{v:.4f}" for v in MV),
    "words in a comment": "# lead II in mV\n" + column(),
    "slashes": "// made by a logger\n" + column(),
    "text beside": frame(ecg=MV, label=["N"] * N).to_csv(index=False),
    "unnamed beside a breath": frame(a=np.sin(T), b=MV).to_csv(index=False, header=False),
    "byte order mark": column().encode("utf-8-sig"),
    "utf-16": column().encode("utf-16"),
    "utf-16 without mark": column().encode("utf-16-le"),
    "latin-1": "größe µV\n".encode("latin-1") + column().encode(),
    "a notch is no rate": "# notch 50 Hz, low-pass 150 Hz\n" + column(),
}
WITH_RATE = {
    "comment": "# sampling rate 360\n" + column(),
    "two comments": "# fs = 360 Hz, lead II\n# recorded 2024-03-01, 10 s\n" + column(),
    "percent": "% 360 Hz\n" + column(),
    "kilohertz": "# Sampling frequency: 0.36 kHz\n" + column(),
    "interval": "# sampling interval: 2.7777777 ms\n" + column(),
    "beside a filter": "# filter 0.5-40 Hz, sampled at 360 Hz\n" + column(),
    "key and value": "Device;X\nSampling rate;360\nUnit;mV\n\n" + column(decimal=","),
    "in the name": "ecg_360Hz\n" + column(),
    "seconds": frame(time=T.round(6), ecg=MV).to_csv(index=False),
    "rounded seconds": frame(time=T.round(2), ecg=MV).to_csv(index=False),
    "seconds and index": frame(time=T.round(6), ecg=MV).to_csv(),
    "milliseconds": frame(time_ms=(1000 * T).round(3), ecg=MV).to_csv(index=False),
    "milliseconds without name": frame(a=(1000 * T).round(3), b=MV).to_csv(
        index=False, header=False
    ),
    "since 1970, ms": frame(timestamp=1.7e12 + (1000 * T).round(), ecg=MV).to_csv(index=False),
    "since 1970, ns": frame(
        **{"sensor timestamp [ns]": [1_700_000_000_000_000_000 + round(1e9 * t) for t in T]}, ecg=MV
    ).to_csv(index=False, sep=";"),
    "decimal commas": frame(time=T.round(6), ecg=MV).to_csv(index=False, sep=";", decimal=","),
    "tabs": frame(time=T.round(6), ecg=MV).to_csv(index=False, sep="\t", decimal=","),
    "dates": frame(date=STAMPS, ecg=MV).to_csv(index=False),
    "dates as index": pd.Series(MV, index=STAMPS).to_csv(),
    "clock over midnight": frame(time=STAMPS.strftime("%H:%M:%S.%f"), ecg=MV).to_csv(index=False),
    "clock of whole seconds": frame(time=STAMPS.strftime("%H:%M:%S"), ecg=MV).to_csv(index=False),
    "date and clock": frame(
        date=STAMPS.strftime("%d.%m.%Y"), clock=STAMPS.strftime("%H:%M:%S.%f"), ecg=MV
    ).to_csv(index=False, sep=";", decimal=","),
    "PhysioBank": "'Elapsed time','MLII','V5'\n'hh:mm:ss.mmm','mV','mV'\n"
    + "".join(f"'0:{t:06.3f}',{v:.4f},{-v:.4f}\n" for t, v in zip(T, MV, strict=True)),
}
