"""What the comparison scripts share: running commands, describing the machine, storing results."""
import datetime
import json
import os
import re
import shlex
import subprocess
import sys


def run(command):
    """Runs a command and returns the last JSON object that it prints."""
    done = subprocess.run(command, shell=True, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"the command failed with status {done.returncode}: {command}")
    found = None
    for line in done.stdout.splitlines():
        if line.startswith("{"):
            try:
                found = json.loads(line)
            except json.JSONDecodeError:
                pass
    if found is None:
        sys.exit(f"the command printed no JSON object: {command}")
    return found


def median(values):
    values = sorted(values)
    middle = len(values) // 2
    return values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2


def without_folders(command):
    """The command as it can be published: absolute paths cut to their last part."""
    return " ".join(re.sub(r"(?<![\w.])/(?:[^\s/=:'\"]+/)+", "", part) for part in shlex.split(command))


def machine():
    """What the figures were taken on: processor, cores, memory, load; no host name, no paths."""
    model = "unknown"
    memory = 0
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    with open("/proc/meminfo") as file:
        for line in file:
            if line.startswith("MemTotal"):
                memory = round(int(line.split()[1]) / 2**20)
    return {"cpu": model, "cores": len(os.sched_getaffinity(0)), "memory_gib": memory,
            "load_average": round(os.getloadavg()[0], 1)}


def commit():
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True, cwd=os.path.dirname(os.path.abspath(__file__)))
    return done.stdout.strip() or "unknown"


def store(name, result):
    """Writes Benchmarks/results/<date>-<name>.json, under a temporary name first."""
    today = datetime.date.today().isoformat()
    result = {"date": today, "commit": commit(), "machine": machine(), **result}
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "results")
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, f"{today}-{name}.json")
    with open(path + ".part", "w") as file:
        json.dump(result, file, indent=2)
        file.write("\n")
    os.replace(path + ".part", path)
    print(f"stored in Benchmarks/results/{os.path.basename(path)}")
