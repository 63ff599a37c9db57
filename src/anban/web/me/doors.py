"""The doors of `/me`, for `app.py`."""

from litestar.types import ControllerRouterHandler

from anban.web.me import acts, appeal, copy, enter, erase, page, setup

PAGES: tuple[ControllerRouterHandler, ...] = (
    page.my_page, page.my_time, page.my_usage, page.my_card, page.my_check, page.my_contacts, page.my_readers,
    page.guidance, page.slow_down, page.help_page, page.closed_page,
    acts.set_own_limit, acts.write_card, acts.answer_check, acts.keep_check, acts.remove_contact, acts.ask_for_help,
    erase.erase_page, erase.messages_page, erase.ask_to_erase,
    *copy.DOORS,
    setup.begin_setup, setup.next_screen,
    appeal.appeal_page, appeal.appeal,
    enter.post_page_link, enter.enter_page, enter.enter_mine,
)  # fmt: skip
