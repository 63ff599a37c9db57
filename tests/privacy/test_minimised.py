"""What leaves for another company: what a person wrote is masked, what an app tells its model about help is not."""

from anban.privacy.minimised import minimised_body


def test_a_help_line_in_an_apps_prompt_stays_a_number() -> None:
    line = "难受的时候可以打 010-82951332。"
    told = minimised_body({"messages": [{"role": "system", "content": line}, {"role": "user", "content": line}]})
    assert "010-82951332" in told["messages"][0]["content"]
    assert "010-82951332" not in told["messages"][1]["content"]
