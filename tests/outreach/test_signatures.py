"""Signatures against the examples that the providers and the standard have published."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime

from anban.outreach.channels.alibaba import signature as alibaba
from anban.outreach.channels.bots import dingtalk_sign, feishu_sign
from anban.outreach.channels.sms import wsse
from anban.outreach.channels.tencent import authorisation
from anban.outreach.channels.webhook import signature as webhook


def test_alibaba_the_example_of_the_sms_interface() -> None:
    parameters = {
        "AccessKeyId": "testId",
        "Action": "SendSms",
        "Format": "XML",
        "OutId": "123",
        "PhoneNumbers": "15300000001",
        "RegionId": "cn-hangzhou",
        "SignName": "阿里云短信测试专用",
        "SignatureMethod": "HMAC-SHA1",
        "SignatureNonce": "45e25e9b-0a6f-4070-8c85-2956eda1b466",
        "SignatureVersion": "1.0",
        "TemplateCode": "SMS_71390007",
        "TemplateParam": '{"customer":"test"}',
        "Timestamp": "2017-07-12T02:42:19Z",
        "Version": "2017-05-25",
    }
    assert alibaba("GET", parameters, "testSecret") == "zJDF+Lrzhj/ThnlvIToysFRq6t4="


BODY = b'{"Limit": 1, "Filters": [{"Values": ["\\u672a\\u547d\\u540d"], "Name": "instance-name"}]}'
THEN = datetime.fromtimestamp(1551113065, UTC)
HEADERS = {"content-type": "application/json; charset=utf-8", "host": "cvm.tencentcloudapi.com"}


def test_tencent_the_example_with_two_signed_headers() -> None:
    made = authorisation("AKIDEXAMPLE", "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE", "cvm", HEADERS, BODY, THEN)
    assert made == (
        "TC3-HMAC-SHA256 Credential=AKIDEXAMPLE/2019-02-25/cvm/tc3_request, SignedHeaders=content-type;host, "
        "Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168"
    )


def test_tencent_the_example_with_the_action_signed_too() -> None:
    signed = {**HEADERS, "x-tc-action": "DescribeInstances"}
    # The document shows its keys as asterisks, and its signature is made with them.
    made = authorisation("AKID" + "*" * 32, "*" * 32, "cvm", signed, BODY, THEN)
    assert made == (
        f"TC3-HMAC-SHA256 Credential=AKID{'*' * 32}/2019-02-25/cvm/tc3_request, "
        "SignedHeaders=content-type;host;x-tc-action, "
        "Signature=10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f"
    )


def test_huawei_the_digest_is_the_base64_of_hex_digits_as_in_the_example() -> None:
    header = wsse("ARBRz4bAXoFgEH7o4Ew308eXc1RA", "secret", "ac1c911c4792492687f8f6b2264a491e", "2018-05-26T00:35:30Z")
    digest = header.partition('PasswordDigest="')[2].partition('"')[0]
    example = "NDA1MWIwNjI2ZTkyNWFlM2FhMTE5NDE1YTk5NjU1YWE4NjNlZTY1MmRhYzkxZGViNzczZjdjMjkzZWQ4ZjAwNA=="
    assert len(digest) == len(example) and len(base64.b64decode(digest)) == len(base64.b64decode(example)) == 64
    wanted = hashlib.sha256(b"ac1c911c4792492687f8f6b2264a491e2018-05-26T00:35:30Zsecret").hexdigest()
    assert base64.b64decode(digest).decode() == wanted
    assert header.startswith('UsernameToken Username="ARBRz4bAXoFgEH7o4Ew308eXc1RA",PasswordDigest="')


def test_standard_webhooks_the_example_of_the_standard() -> None:
    made = webhook(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "1614265330",
        b'{"test": 2432232314}',
    )
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_bots_sign_time_and_secret_each_in_their_own_way() -> None:
    def made(key: bytes, text: bytes) -> str:
        return base64.b64encode(hmac.digest(key, text, "sha256")).decode()

    assert dingtalk_sign("1700000000000", "SEC1") == made(b"SEC1", b"1700000000000\nSEC1")
    assert feishu_sign("1700000000", "SEC1") == made(b"1700000000\nSEC1", b"")
