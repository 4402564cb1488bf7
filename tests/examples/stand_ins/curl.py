"""What the documents use of curl, for machines that have none: -s -i -X -H -A -d -o -w."""

import argparse
import sys

import httpx

options = argparse.ArgumentParser(prog="curl")
options.add_argument("url")
options.add_argument("-s", "--silent", action="store_true")
options.add_argument("-X", "--request", default="")
options.add_argument("-H", "--header", action="append", default=[])
options.add_argument("-A", "--user-agent", default="curl/8")
options.add_argument("-d", "--data", default=None)
options.add_argument("-o", "--output", default="")
options.add_argument("-w", "--write-out", default="")
given = options.parse_args()

headers = {"user-agent": given.user_agent}
if given.data is not None:
    headers["content-type"] = "application/x-www-form-urlencoded"
for header in given.header:
    name, _, value = header.partition(":")
    headers[name.strip().lower()] = value.strip()
method = given.request or ("GET" if given.data is None else "POST")
answer = httpx.request(method, given.url, headers=headers, content=given.data)
if not given.output:
    sys.stdout.write(answer.text)
if given.write_out:
    told = given.write_out.replace("%{redirect_url}", answer.headers.get("location", ""))
    sys.stdout.write(told.replace("%{http_code}", str(answer.status_code)).replace("\\n", "\n"))
