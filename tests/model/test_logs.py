"""No secret gets through the logs, whoever put it there."""

import json
import subprocess
import sys

import pytest

from worklake.logs import redact

SECRETS = ["glpat-AbCdEf123456", "lin_api_0123456789abcdef", "Bearer eyJhbGciOi.J9", "lin_oauth_abcdef0123"]


@pytest.mark.parametrize("secret", SECRETS)
def test_what_has_the_shape_of_a_secret_is_taken_out(secret: str) -> None:
    assert secret not in redact(f"the server said {secret} is wrong")
    assert secret not in str(redact({"deep": [{"text": (secret,)}]}))


def test_what_is_called_a_secret_is_taken_out_whatever_its_shape() -> None:
    assert redact({"token": "abc", "Authorization": "xyz", "title": "a token of thanks"}) == {
        "token": "[redacted]",
        "Authorization": "[redacted]",
        "title": "a token of thanks",
    }


def test_a_log_line_is_json_with_its_secrets_taken_out() -> None:
    code = (
        "import structlog; from worklake.logs import set_up_logs; set_up_logs(verbose=True);"
        "structlog.get_logger().info('call', token='abc', url='https://x/?a=glpat-AbCdEf123456', source='gitlab')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    line = json.loads(done.stderr)
    assert line["source"] == "gitlab"
    assert line["token"] == "[redacted]"
    assert "AbCdEf" not in done.stderr
    assert done.stdout == ""
