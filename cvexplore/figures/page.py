"""A page of HTML that stands alone: pictures and styles are in it, and it asks nobody for anything.

It is read in light and dark, on a phone, and printed on A4.
"""

import base64
from collections.abc import Mapping
from html import escape


def page(title: str, body: str) -> str:
    """Return the whole page.

    Args:
        title: plain text.
        body: HTML, in which all text of others is escaped.
    """
    return _PAGE.format(title=escape(title), style=_STYLE, body=body)


def fact_list(facts: Mapping[str, str]) -> str:
    """Return names and what they stand for; a fact that is empty is left out."""
    rows = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts.items() if value
    )
    return f"<dl>{rows}</dl>"


def figure(png: bytes, caption: str, alt: str) -> str:
    """Return a picture with its caption, which ``alt`` goes on for those who cannot see it."""
    return (
        f'<figure><img src="{uri(png)}" alt="{escape(f"{caption}: {alt}")}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def uri(png: bytes) -> str:
    """Return a picture as an address that holds it."""
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
{body}
</body>
</html>
"""

_STYLE = """
:root { color-scheme: light dark; --ink: #1f2430; --faint: #667085; --line: #d8dce4;
  --ground: #fff; --block: #f5f6f9; --accent: #4f46e5; --caution: #b54708; --bad: #b42318; }
@media (prefers-color-scheme: dark) { :root { --ink: #e7e9ee; --faint: #9aa3b2; --line: #343a46;
  --ground: #14161b; --block: #1e2128; --accent: #8b85f5; --caution: #f0a35e; --bad: #f97066; } }
@page { size: A4; margin: 14mm; }
@media print { :root { color-scheme: light; --ink: #000; --faint: #555; --line: #ccc;
  --ground: #fff; --block: #f5f6f9; --accent: #4f46e5; --caution: #8a3606; --bad: #8a1a12; }
  body { padding: 0; font-size: 10pt; } }
* { box-sizing: border-box; }
body { max-width: 60rem; margin: 0 auto; padding: 2rem 1.25rem; color: var(--ink);
  background: var(--ground); font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere;
  print-color-adjust: exact; -webkit-print-color-adjust: exact; }
h1 { font-size: 1.8em; margin: 0 0 .5em; } h2 { font-size: 1.15em; margin: 1.4em 0 .4em; }
h3 { font-size: 1.1em; margin: 0 0 .2em; } p { margin: .35em 0; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(17rem, 100%), 1fr));
  gap: 1rem; align-items: start; }
.pair h2:first-child { margin-top: 0; }
figure { margin: 0; } figure img { width: 100%; display: block; border-radius: 6px; }
figcaption, .key, footer { color: var(--faint); font-size: .85em; }
.key img { width: 10rem; height: .75rem; vertical-align: -.08rem; border-radius: 3px; }
table { border-collapse: collapse; width: 100%; font-size: .9em; }
th { color: var(--faint); font-weight: 500; }
th, td { text-align: left; padding: .2em .6em .2em 0; }
tr + tr { border-top: 1px solid var(--line); }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.bar { width: 35%; } .bar span { display: block; height: .6em; border-radius: 3px;
  background: var(--accent); min-width: 1px; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1em 1em; margin: .6em 0;
  font-size: .92em; } dt { color: var(--faint); } dd { margin: 0; }
article { border-top: 1px solid var(--line); margin-top: 1.4rem; padding-top: 1.2rem;
  break-inside: avoid; }
h2, h3 { break-after: avoid; }
.caution { border-left: 3px solid var(--caution); padding-left: .7em; }
.meaningless { border-left: 3px solid var(--bad); padding-left: .7em; }
pre { background: var(--block); border-radius: 6px; padding: .7em .9em; white-space: pre-wrap;
  font-size: .82em; margin: .7em 0 0; }
footer { border-top: 1px solid var(--line); margin-top: 2rem; padding-top: .6rem; }
"""
