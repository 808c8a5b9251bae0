import threading

from app.core.mailbox import Mailbox


def test_the_newest_wins_and_the_replaced_are_counted():
    mailbox = Mailbox()
    for number in range(5):
        mailbox.put(number)
    assert mailbox.take() == 4
    assert mailbox.replaced == 4
    mailbox.put(5)
    assert mailbox.take() == 5
    assert mailbox.replaced == 4


def test_taking_waits_for_an_item():
    mailbox = Mailbox()
    taken = []
    waiting = threading.Thread(target=lambda: taken.append(mailbox.take()))
    waiting.start()
    waiting.join(0.05)
    assert waiting.is_alive()
    mailbox.put("frame")
    waiting.join(10)
    assert taken == ["frame"]


def test_closing_wakes_whoever_waits_and_lets_the_rest_go():
    mailbox = Mailbox()
    taken = []
    waiting = threading.Thread(target=lambda: taken.append(mailbox.take()))
    waiting.start()
    mailbox.close()
    waiting.join(10)
    assert taken == [None]
    mailbox.put("late")
    assert mailbox.take() is None


def test_a_fast_sender_and_a_slow_taker_never_lose_the_last():
    mailbox = Mailbox()
    taken = []

    def take_all():
        while (item := mailbox.take()) is not None:
            taken.append(item)
            if item == 9999:
                return

    taker = threading.Thread(target=take_all)
    taker.start()
    for number in range(10_000):
        mailbox.put(number)
    taker.join(10)
    assert taken[-1] == 9999
    assert taken == sorted(taken)
    assert len(taken) + mailbox.replaced == 10_000
