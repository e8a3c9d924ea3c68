import subprocess
import sys


def test_python_m_kilter_is_the_command():
    done = subprocess.run([sys.executable, "-m", "kilter", "--help"], capture_output=True, text=True, check=True)

    assert done.stdout.startswith("Usage: kilter [OPTIONS] COMMAND")
