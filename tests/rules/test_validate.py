"""Validation of rules: each mistake is found, with its place and a hint; good rules pass."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxtweets.rules import Limits, RuleProblem, RuleSyntaxError, has, keyword, parse, validate
from rxtweets.rules.languages import LANGUAGES, WITHOUT_LANGUAGE, rule_languages

ACCEPTED = [
    "cat",
    "cat has:images",
    "-is:nullcast cat",
    "cat -has:images -is:retweet",
    "cat OR has:images",
    '"X data" has:mentions (has:media OR has:links)',
    "skiing -snow -day -noschool",
    "(grumpy cat) OR (#meme has:images)",
    "apple OR iphone ipad",
    'from:12 OR to:ada_b OR url:"https://x.com" OR context:47.*',
    '(😃 OR 😡) "❤️"',
    "point_radius:[-41.287336 174.761070 20mi]".replace("174.761070", "74.761070"),
    "bounding_box:[-105.301758 39.964069 -105.178505 40.09455]",
    'embedding:"open source" embedding_threshold:0.45',
    "cat sample:10 lang:zh-TW followers_count:1..20 tweets_count:5",
    "cat (lang:in OR lang:iw OR lang:hi-Latn OR lang:ckb OR lang:und OR lang:qme)",
    "cat has:videos",
    "in_reply_to_status_id:5 OR retweets_of_status_id:5",
]


@pytest.mark.parametrize("text", ACCEPTED)
def test_accepted(text: str) -> None:
    """Nothing is said of a rule that X accepts."""
    assert validate(text) == ()


@pytest.mark.parametrize("code", sorted(LANGUAGES | WITHOUT_LANGUAGE))
def test_languages(code: str) -> None:
    """Each code of X's list is accepted as it is written, and what is meant by it in any case is itself."""
    assert validate(f"cat lang:{code}") == ()
    assert rule_languages(code.upper()) == rule_languages(code.lower()) == (code,)


@given(st.text("abcdehijnowz-_CNT", max_size=9))
def test_what_is_meant_is_in_the_list(text: str) -> None:
    """A hint for a language names codes of X's list only."""
    assert set(rule_languages(text)) <= LANGUAGES | WITHOUT_LANGUAGE


SYNTAX = [
    # rule, the part it is about, of the message, of the hint
    ("", "", "empty", ""),
    ("   ", "   ", "empty", ""),
    ("cat AND dog", "AND", "joins nothing", "a blank joins"),
    ("cat and dog", "and", "joins nothing", '"and"'),
    ("cat or dog", "or", "joins nothing", "OR in capitals"),
    ("cat Or dog", "Or", "joins nothing", '"or"'),
    ("cat NOT dog", "NOT", "negates nothing", "-dog"),
    ("“grumpy cat”", "“grumpy cat”", "curly", '"grumpy cat"'),
    ("cat “dog", "“dog", "curly", '"dog"'),
    ("OR cat", "OR", "nothing to join", ""),
    ("cat OR", "OR", "nothing to join", ""),
    ("cat OR OR dog", "OR", "nothing to join", ""),
    ("(cat OR) dog", "OR", "nothing to join", ""),
    ("(cat", "(", "not closed", "add a )"),
    ("cat)", ")", "no parenthesis is open", "leave it out"),
    ("cat ()", "(", "nothing in them", ""),
    ("cat -", "-", "nothing to negate", ""),
    ("(cat -) dog", "-", "nothing to negate", ""),
    ("cat - dog", "-", "directly before", "blank"),
    ("--cat", "-", "can't be negated", "both"),
    ("skiing -(snow OR day)", "-", "not groups", "-snow -day"),
    ("skiing -(snow day)", "-", "not groups", "(-snow OR -day)"),
    ('"cat', '"cat', "not closed", 'end it with "'),
    ('bio:"cat', '"cat', "not closed", 'end it with "'),
    ('cat ""', '""', "nothing in them", ""),
    ('cat "  "', '"  "', "nothing in them", ""),
    ('"a b"~7', '"a b"~7', "at most 6", "~6"),
    ("cat & dog", "&", "no letter or digit", "quotes"),
    ("#", "#", "no letter or digit", ""),
    ("#a-b", "#a-b", "a hashtag is", '"#a-b"'),
    ("@a.b", "@a.b", "a mention is", '"@a.b"'),
    ("$100", "$100", "a cashtag is", '"$100"'),
    ("form:ada", "form:ada", "no operator form:", "from:"),
    ("friends_count:5", "friends_count:5", "no operator", "following_count:"),
    ("filter:images", "filter:images", "no operator", "has:"),
    ("zzz:1", "zzz:1", "no operator", '"zzz:1"'),
    ("https://x.com/a", "https://x.com/a", "a link needs", 'url:"https://x.com/a"'),
    ("from: ada", "from:", "no value", "from:XDevelopers"),
    ("from:@ada", "from:@ada", "without @", "from:ada"),
    ("from:a-b", "from:a-b", "a username", ""),
    ("has:vids", "has:vids", "hashtags, cashtags", "has:"),
    ("has:video", "has:video", "hashtags, cashtags", "has:video_link"),
    ("is:retweeted", "is:retweeted", "retweet, reply", "is:retweet"),
    ("cat sample:0", "sample:0", "1 to 100", "sample:10"),
    ("cat sample:101", "sample:101", "1 to 100", ""),
    ("cat lang:english", "lang:english", "the code that X has", "for example lang:en"),
    ("cat lang:he", "lang:he", "the code that X has", "did you mean lang:iw?"),
    ("cat lang:id", "lang:id", "the code that X has", "did you mean lang:in?"),
    ("cat lang:zh", "lang:zh", "the code that X has", "did you mean lang:zh-CN or lang:zh-TW?"),
    ("cat lang:zh_tw", "lang:zh_tw", "the code that X has", "did you mean lang:zh-TW?"),
    ("cat lang:nb", "lang:nb", "the code that X has", "did you mean lang:no?"),
    ("cat lang:pt-BR", "lang:pt-BR", "the code that X has", "did you mean lang:pt?"),
    ("cat lang:EN", "lang:EN", "the code that X has", "did you mean lang:en?"),
    ("cat lang:zz", "lang:zz", "the code that X has", "for example lang:en"),
    ("cat lang:xx-nope", "lang:xx-nope", "the code that X has", ""),
    ("place_country:USA", "place_country:USA", "two letters", "JP"),
    ("conversation_id:x", "conversation_id:x", "id of a post", ""),
    ("context:10", "context:10", "10.*", ""),
    ("cat followers_count:9..5", "followers_count:9..5", "smaller first", ""),
    ("cat followers_count:many", "followers_count:many", "100..5000", ""),
    ("cat min_followers:1..2", "min_followers:1..2", "12 digits", ""),
    ("embedding:a embedding_threshold:2", "embedding_threshold:2", "0 to 1", ""),
    ("point_radius:[2.35 48.86 25mi]", "point_radius:[2.35 48.86 25mi]", "less than 25 mi", "16km"),
    ("point_radius:[2.35 48.86 41km]", "point_radius:[2.35 48.86 41km]", "40.2 km", ""),
    ("point_radius:[2.35 48.86 16]", "point_radius:[2.35 48.86 16]", "km or mi", ""),
    ("point_radius:[48.86 2.35]", "point_radius:[48.86 2.35]", "longitude latitude radius", ""),
    ("point_radius:[2.35 148.86 1km]", "point_radius:[2.35 148.86 1km]", "-90 to 90", ""),
    ('point_radius:"2.35 48.86 1km"', 'point_radius:"2.35 48.86 1km"', "brackets", "[2.355128"),
    ("point_radius:[2.35", "point_radius:[2.35", "bracket is not closed", ""),
    ("from:[ada]", "from:[ada]", "no brackets", ""),
    ("bounding_box:[3 1 2 4]", "bounding_box:[3 1 2 4]", "west before east", ""),
    ("bounding_box:[1 4 2 3]", "bounding_box:[1 4 2 3]", "south before north", ""),
    ("bounding_box:[1 2 3]", "bounding_box:[1 2 3]", "west south east north", ""),
]


def only(text: str) -> RuleProblem:
    (problem,) = validate(text)
    return problem


@pytest.mark.parametrize(("text", "part", "message", "hint"), SYNTAX)
def test_syntax(text: str, part: str, message: str, hint: str) -> None:
    """A mistake is told once, by what it is and where, with what would be right; `parse` refuses it, too."""
    problem = only(text)
    assert text[problem.position : problem.end] == part
    assert message in problem.message
    assert hint in problem.hint
    with pytest.raises(RuleSyntaxError) as caught:
        parse(text)
    assert caught.value.problem == problem


REFUSED = [
    ("has:images", "has:images", "no operator here makes a rule"),
    ("has:links OR is:retweet", "has:links OR is:retweet", "no operator here makes a rule"),
    ("-cat", "-cat", "each is negated"),
    ("-cat has:images", "-cat has:images", "each is negated"),
    ("embedding_threshold:0.45", "embedding_threshold:0.45", "no operator here makes a rule"),
    ("cat is:nullcast", "is:nullcast", "only negated"),
    ("cat -sample:10", "sample:10", "can't be negated"),
    ("cat -embedding:dogs", "embedding:dogs", "can't be negated"),
]


@pytest.mark.parametrize(("text", "part", "message"), REFUSED)
def test_refused(text: str, part: str, message: str) -> None:
    """A rule that X refuses can be parsed; `validate` finds the problem."""
    parse(text)
    problem = only(text)
    assert text[problem.position : problem.end] == part
    assert message in problem.message
    assert problem.hint


def test_every_problem_is_told() -> None:
    """One look finds all mistakes, in the order of the text."""
    text = 'cat AND (form:ada OR has:vids -sample:5) ) -(dog OR "x y"~9'
    assert [text[problem.position : problem.end] for problem in validate(text)] == [
        "AND",
        "form:ada",
        "has:vids",
        "sample:5",
        ")",
        "-",
        "(",
        '"x y"~9',
    ]


@pytest.mark.parametrize(
    ("limits", "most"),
    [(None, 1024), (Limits.pay_per_use(), 1024), (Limits.enterprise(), 2048), (Limits(9), 9)],
)
def test_length(limits: Limits | None, most: int) -> None:
    """A rule is as long as the level allows; the problem begins where it is too long."""
    assert validate("x" * most, limits) == ()
    (problem,) = validate("x" * (most + 1), limits)
    assert problem.position == most
    assert f"at most {most:,}" in problem.message


def test_a_rule_made_in_python_is_checked_as_its_text() -> None:
    """A rule that can be built can still be refused."""
    assert validate(keyword("cat") & has("images")) == ()
    (problem,) = validate(has("images"))
    assert problem.text == "has:images"


IN_POWERSTREAM = [
    'cat "red panda" @ada from:12 to:ada retweets_of:ada contains:anda url_contains:x lang:en',
    "cat (has:mentions OR has:geo OR has:links OR has:media OR has:lang OR has:symbols)",
    "cat (has:images OR has:videos) is:retweet -is:reply place:paris bio:dev bio_name:phd",
    "bounding_box:[1 2 3 4] OR point_radius:[2.3 48.8 16km]",
    "retweets_of_status_id:5 OR in_reply_to_status_id:5",
]


@pytest.mark.parametrize("text", IN_POWERSTREAM)
def test_what_powerstream_accepts(text: str) -> None:
    """Each operator that Powerstream documents is accepted, and a Rule is sent in its names."""
    limits = Limits.powerstream()
    assert validate(text, limits) == ()
    assert validate(parse(text), limits) == ()
    assert parse(parse(text).text("powerstream")) == parse(text)


LACKING = [
    # rule, what is said in Powerstream's dialect, the hint
    ("cat sample:10", "Powerstream has no sample:", "only the filtered stream has it"),
    ("#cat", "Powerstream has no #hashtag", "only the filtered stream and search have it"),
    ("$TSLA", "Powerstream has no $cashtag", "only the filtered stream and search have it"),
    ('"a b"~3', 'Powerstream has no "a b"~N', "only the filtered stream has it"),
    ("cat min_likes:5", "Powerstream has no min_likes:", "only search has it"),
    ("cat has:hashtags", "Powerstream has no has:hashtags", "only the filtered stream and search have it"),
    ("cat is:quote", "Powerstream has no is:quote", "only the filtered stream and search have it"),
    ("cat has:video_link", "Powerstream has no has:video_link", "write has:videos"),
    ("cat has:cashtags", "Powerstream has no has:cashtags", "write has:symbols"),
    ("retweets_of_tweet_id:5", "Powerstream has no retweets_of_tweet_id:5", "write retweets_of_status_id:5"),
]


@pytest.mark.parametrize(("text", "said", "hint"), LACKING)
def test_what_powerstream_lacks(text: str, said: str, hint: str) -> None:
    """An operator that Powerstream lacks, or calls otherwise, is refused there with what would be right."""
    (problem,) = validate(text, Limits.powerstream())
    assert said in problem.message
    assert hint in problem.hint


@pytest.mark.parametrize("text", ["contains:anda", "cat has:lang", "cat has:symbols"])
@pytest.mark.parametrize("limits", [Limits(), Limits.search()], ids=["stream", "search"])
def test_what_only_powerstream_has(text: str, limits: Limits) -> None:
    """The operators that only Powerstream has are refused elsewhere."""
    (problem,) = validate(text, limits)
    assert problem.message.startswith(("the filtered stream has no", "search has no"))
    assert "only Powerstream has it" in problem.hint or "write has:cashtags" in problem.hint


def test_the_limits_of_powerstream() -> None:
    """It takes 1,000 rules of 2,048 characters."""
    assert (Limits.powerstream().rules, Limits.powerstream().length) == (1_000, 2_048)
    assert validate("x" * 2_048, Limits.powerstream()) == ()
    (problem,) = validate("x" * 2_049, Limits.powerstream())
    assert "at most 2,048 are allowed" in problem.message
