"""Drives a running `r1 serve` by the openai package of PyPI: python openai_client.py http://127.0.0.1:8000/v1

Prints a line for each check and ends with status 1 when one fails. A key may stand behind the address. With `--forms` it ends
behind the checks of schemas and demanded calls, which hold whatever a model would like to write: also for the dice that the
test `dice_are_served` serves.
"""

import json
import sys
import threading
import urllib.error
import urllib.request

from openai import AuthenticationError, BadRequestError, NotFoundError, OpenAI

base, *keys = [argument for argument in sys.argv[1:] if argument != "--forms"]
client = OpenAI(base_url=base, api_key=keys[0] if keys else "none", max_retries=0)
failed = 0


def check(name, right, shown=""):
    global failed
    failed += not right
    print("ok  " if right else "FAIL", name, shown)


def raised(kind, call):
    try:
        call()
    except kind as error:
        return error
    except Exception as error:  # noqa: BLE001
        print("    raised instead:", type(error).__name__, error)
    return None


model = client.models.list().data[0].id
messages = [{"role": "user", "content": "Name three colours."}]


def chat(**more):
    return client.chat.completions.create(model=model, messages=messages, **{"max_tokens": 24, "temperature": 0, **more})


# Answers that are held to a form, whatever the model would like to write.
person = {
    "type": "object",
    "properties": {"name": {"type": "string", "maxLength": 20}, "age": {"type": "integer", "minimum": 0, "maximum": 150}, "kind": {"enum": ["cat", "dog"]}},
    "required": ["name", "age", "kind"],
    "additionalProperties": False,
}


def is_person(value):
    age = value["age"]
    return list(value) == ["name", "age", "kind"] and len(value["name"]) <= 20 and type(age) is int and 0 <= age <= 150 and value["kind"] in ("cat", "dog")


form = {"type": "json_schema", "json_schema": {"name": "person", "schema": person, "strict": True}}
for temperature, seed in [(0, 0), (1.0, 1), (1.0, 2), (1.5, 3)]:
    choice = chat(response_format=form, temperature=temperature, seed=seed, max_tokens=200).choices[0]
    check(f"an answer is of its schema, temperature {temperature}", choice.finish_reason == "stop" and is_person(json.loads(choice.message.content)), choice.message.content)
parts = list(chat(response_format=form, max_tokens=200, stream=True))
joined = "".join(part.choices[0].delta.content or "" for part in parts)
check("a stream is of its schema, too", is_person(json.loads(joined)) and parts[-1].choices[0].finish_reason == "stop", joined)
cut = chat(response_format=form, max_tokens=3).choices[0]
check("one that is cut off says so", cut.finish_reason == "length", repr(cut.message.content))
free = chat(response_format={"type": "json_object"}, max_tokens=300).choices[0]
check("json_object is an object, or cut off", free.finish_reason == "length" or isinstance(json.loads(free.message.content), dict), repr(free.message.content))

# Calls that are demanded.
weather = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string", "maxLength": 20}, "unit": {"enum": ["C", "F"]}}, "required": ["city", "unit"], "additionalProperties": False},
    },
}
clock = {"type": "function", "function": {"name": "get_time", "parameters": {"type": "object", "properties": {"zone": {"type": "integer", "minimum": -12, "maximum": 14}}, "required": ["zone"], "additionalProperties": False}}}


def is_call(call):
    arguments = json.loads(call.function.arguments)
    if call.function.name == "get_weather":
        return list(arguments) == ["city", "unit"] and arguments["unit"] in ("C", "F")
    return call.function.name == "get_time" and list(arguments) == ["zone"] and -12 <= arguments["zone"] <= 14


for name, choice in {"get_weather": {"type": "function", "function": {"name": "get_weather"}}, "get_time": {"type": "function", "function": {"name": "get_time"}}, None: "required"}.items():
    made = chat(tools=[weather, clock], tool_choice=choice, max_tokens=200).choices[0]
    calls = made.message.tool_calls or []
    right = len(calls) == 1 and is_call(calls[0]) and name in (None, calls[0].function.name)
    check(f"a demanded call is made: {name or 'required'}", right and made.finish_reason == "tool_calls", calls and calls[0].function)
deltas = [part.choices[0].delta.tool_calls for part in chat(tools=[weather], tool_choice="required", max_tokens=200, stream=True)]
calls = [call for delta in deltas if delta for call in delta]
check("in a stream, too", len(calls) == 1 and is_call(calls[0]), calls and calls[0].function)
check("none keeps tools out", not chat(tools=[weather], tool_choice="none").choices[0].message.tool_calls)
if "--forms" in sys.argv:
    sys.exit(1 if failed else 0)

whole = chat()
text = whole.choices[0].message.content
check("a chat has text", len(text) > 0, repr(text))
check("usage adds up", whole.usage.total_tokens == whole.usage.prompt_tokens + whole.usage.completion_tokens)
check("the same again", chat().choices[0].message.content == text)
long = [{"role": "user", "content": "Remember these numbers: " + ", ".join(map(str, range(100)))}]
for expected in (False, True):
    usage = client.chat.completions.create(model=model, messages=long, max_tokens=1).usage
    cached = usage.prompt_tokens_details.cached_tokens
    check("a prompt is in the cache the second time" if expected else "and not the first time", (cached > 0) == expected, cached)

parts = list(chat(stream=True, stream_options={"include_usage": True}))
joined = "".join(part.choices[0].delta.content or "" for part in parts if part.choices)
check("a stream says the same", joined == text, repr(joined))
check("its usage too", parts[-1].usage.completion_tokens == whole.usage.completion_tokens)
check("it ends with a reason", parts[-2].choices[0].finish_reason == whole.choices[0].finish_reason)

drawn = chat(n=3, temperature=1.0, seed=7)
check("n completions", len(drawn.choices) == 3 and len({choice.index for choice in drawn.choices}) == 3)
again = chat(n=3, temperature=1.0, seed=7)
check("a seed repeats", [c.message.content for c in drawn.choices] == [c.message.content for c in again.choices])
check("samples differ", len({choice.message.content for choice in drawn.choices}) > 1)

stop = text.split()[1] if len(text.split()) > 1 else text[-1]
stopped = chat(stop=[stop]).choices[0]
check("a stop text ends and is left out", stopped.message.content == text[: text.index(stop)], repr(stopped.message.content))

logged = chat(logprobs=True, top_logprobs=3).choices[0].logprobs.content
check("log-probabilities", all(len(entry.top_logprobs) == 3 for entry in logged))
check("greedy takes the most probable", all(entry.logprob == entry.top_logprobs[0].logprob for entry in logged))
check("they spell the text", "".join(entry.token for entry in logged).startswith(text))

completion = client.completions.create(model=model, prompt=["1, 2, 3,", "a, b, c,"], max_tokens=6, temperature=0, logprobs=2)
check("completions of several prompts", [choice.index for choice in completion.choices] == [0, 1], [c.text for c in completion.choices])
streamed = client.completions.create(model=model, prompt="1, 2, 3,", max_tokens=6, temperature=0, stream=True)
check("a completion's stream", "".join(part.choices[0].text for part in streamed) == completion.choices[0].text)

check("a wrong model is not found", raised(NotFoundError, lambda: client.chat.completions.create(model="x", messages=messages)) is not None)
for name, more in {"temperature": {"temperature": -1}, "n": {"n": 0}, "tool_choice": {"tool_choice": "required"}, "response_format": {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"not": {}}}}}}.items():
    error = raised(BadRequestError, lambda: chat(**more))
    check(f"{name} is refused by name", error is not None and error.body["param"] == name, error and error.body["message"])
long = raised(BadRequestError, lambda: client.chat.completions.create(model=model, messages=[{"role": "user", "content": "word " * 50000}]))
check("too long a prompt is refused", long is not None, long and long.body["message"])
if keys:
    wrong = OpenAI(base_url=base, api_key="wrong", max_retries=0)
    check("a wrong key is refused", raised(AuthenticationError, wrong.models.list) is not None)

# Many at once, some of which leave early.
results = []


def one(number):
    stream = chat(stream=True, temperature=1.0, seed=number, max_tokens=40)
    text = ""
    for index, part in enumerate(stream):
        text += part.choices[0].delta.content or ""
        if number % 4 == 0 and index == 5:
            stream.close()
            return
    results.append((number, text))


threads = [threading.Thread(target=one, args=(number,)) for number in range(32)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
check("32 streams, of which 8 leave", len(results) == 24)
number, text = results[0]
alone = chat(temperature=1.0, seed=number, max_tokens=40).choices[0].message.content
check("company changes nothing", alone == text, repr(alone))

root = base.rsplit("/", 1)[0]
with urllib.request.urlopen(root + "/metrics") as answer:
    metrics = dict(line.rsplit(" ", 1) for line in answer.read().decode().splitlines() if not line.startswith("#"))
check("nothing is left running", metrics["r1_sequences_running"] == metrics["r1_cache_used_tokens"] == "0", metrics)
check("who left was noticed", int(metrics["r1_requests_cancelled_total"]) >= 8)
sys.exit(1 if failed else 0)
