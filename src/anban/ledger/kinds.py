"""The closed list of things that can have happened, named `subject.object.past_participle`."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple


class Kind(StrEnum):
    """What an entry says happened. A kind that is no longer written stays here and joins `RETIRED`."""

    SESSION_OPENED = "session.opened"
    SESSION_LEFT = "session.left"
    TURN_RECORDED = "turn.recorded"
    RAIL_INPUT_DECIDED = "rail.input.decided"
    RAIL_OUTPUT_DECIDED = "rail.output.decided"
    RISK_LEVEL_CHANGED = "risk.level.changed"
    LIMIT_REACHED = "limit.reached"
    LIMIT_EXEMPTED = "limit.exempted"
    HELP_OFFERED = "help.offered"
    CASE_CRISIS_OPENED = "case.crisis.opened"
    CASE_CRISIS_RAISED = "case.crisis.raised"
    CASE_CLAIMED = "case.claimed"
    CASE_CLOSED = "case.closed"
    CASE_REVIEWED = "case.reviewed"
    CASE_REOPENED = "case.reopened"
    CASE_NOTED = "case.noted"
    CASE_CALL_LOGGED = "case.call.logged"
    CONVERSATION_READ = "conversation.read"
    ACCESS_ASKED = "access.asked"
    ACCESS_APPROVED = "access.approved"
    ACCESS_ENDED = "access.ended"
    DESK_PAGED = "desk.paged"
    DESK_ESCALATED = "desk.escalated"
    DESK_ALARMED = "desk.alarmed"
    TAKEOVER_REQUESTED = "takeover.requested"
    TAKEOVER_CLAIMED = "takeover.claimed"
    TAKEOVER_JOINED = "takeover.joined"
    TAKEOVER_HANDED_BACK = "takeover.handed_back"
    OUTREACH_ATTEMPTED = "outreach.attempted"
    OUTREACH_SENT = "outreach.sent"
    OUTREACH_HELD = "outreach.held"
    OUTREACH_RELEASED = "outreach.released"
    OUTREACH_CONFIRMED = "outreach.confirmed"
    OUTREACH_UNREACHABLE = "outreach.unreachable"
    CARE_CHECKED_IN = "care.checked_in"
    NOTICE_AI_SHOWN = "notice.ai.shown"
    NOTICE_AI_CONFIRMED = "notice.ai.confirmed"
    NOTICE_BREAK_SHOWN = "notice.break.shown"
    NOTICE_BREAK_CONFIRMED = "notice.break.confirmed"
    NOTICE_DEPENDENCE_SHOWN = "notice.dependence.shown"
    NOTICE_REALITY_SHOWN = "notice.reality.shown"
    NOTICE_LIMIT_SHOWN = "notice.limit.shown"
    NOTICE_GUIDANCE_SHOWN = "notice.guidance.shown"
    NOTICE_CONTACT_SHOWN = "notice.contact.shown"
    NOTICE_MODE_SHOWN = "notice.mode.shown"
    NOTICE_OUTAGE_SHOWN = "notice.outage.shown"
    PERSON_CHANGED = "person.changed"
    CONTACT_CHANGED = "contact.changed"
    GUARDIAN_CHANGED = "guardian.changed"
    CONSENT_GIVEN = "consent.given"
    CONSENT_WITHDRAWN = "consent.withdrawn"
    PERSONA_CHANGED = "persona.changed"
    SERVICE_SWITCHED = "service.switched"
    KEY_ROTATED = "key.rotated"
    KEY_DESTROYED = "key.destroyed"
    RECORD_ERASURE_ASKED = "record.erasure.asked"
    RECORD_HELD = "record.held"
    RECORD_ERASED = "record.erased"
    RECORD_COPIED = "record.copied"
    COMPLAINT_RECEIVED = "complaint.received"
    COMPLAINT_ANSWERED = "complaint.answered"
    INCIDENT_REPORTED = "incident.reported"
    DRILL_RUN = "drill.run"
    DEPLOYMENT_STARTED = "deployment.started"
    SPOOL_REPLAYED = "spool.replayed"
    DETECTOR_UNAVAILABLE = "detector.unavailable"
    STAFF_ADDED = "staff.added"
    STAFF_CHANGED = "staff.changed"
    STAFF_LOGGED_IN = "staff.logged_in"
    STAFF_LOGIN_REFUSED = "staff.login_refused"
    STAFF_LOGGED_OUT = "staff.logged_out"
    STAFF_RESTED = "staff.rested"
    ROTA_CHANGED = "rota.changed"
    WORDS_CHANGED = "words.changed"
    WORDS_SIGNED = "words.signed"
    RECORD_RETENTION_SWEPT = "record.retention.swept"
    LOG_NETWORK_SEALED = "log.network.sealed"
    LOG_NETWORK_CHECKED = "log.network.checked"
    LEDGER_OPENED = "ledger.opened"
    LEDGER_CLOSED = "ledger.closed"
    LEDGER_DAMAGED = "ledger.damaged"
    CHECKPOINT_WITNESSED = "checkpoint.witnessed"
    CHECKPOINT_UNWITNESSED = "checkpoint.unwitnessed"
    CHECKPOINT_CONTRADICTED = "checkpoint.contradicted"


RETIRED: Final[frozenset[Kind]] = frozenset()
"""Kinds that old entries carry and new ones may not."""


PLANNED: Final[frozenset[Kind]] = frozenset(
    {
        Kind.CASE_CLAIMED,
        Kind.INCIDENT_REPORTED,
        Kind.DEPLOYMENT_STARTED,
        Kind.DETECTOR_UNAVAILABLE,
    }
)
"""Kinds that no code writes yet; a test keeps this list true."""


class Meaning(NamedTuple):
    """One line for officers and auditors."""

    zh: str
    en: str


MEANINGS: Final[Mapping[Kind, Meaning]] = MappingProxyType(
    {
        Kind.SESSION_OPENED: Meaning("一段使用开始", "A stretch of use began"),
        Kind.SESSION_LEFT: Meaning("用户退出，立即停止", "The user left and everything stopped at once"),
        Kind.TURN_RECORDED: Meaning(
            "一轮对话已加密保存（只记摘要）", "A message and its answer were stored encrypted; only digests are here"
        ),
        Kind.RAIL_INPUT_DECIDED: Meaning("对用户这句话作出的决定", "What was decided about a user's message"),
        Kind.RAIL_OUTPUT_DECIDED: Meaning("对伴侣回复作出的决定", "What was decided about the companion's answer"),
        Kind.RISK_LEVEL_CHANGED: Meaning("此人的风险等级变化", "The person's risk level moved"),
        Kind.LIMIT_REACHED: Meaning("达到时长、时段等限制", "A limit of time, hours or permission was reached"),
        Kind.LIMIT_EXEMPTED: Meaning(
            "附理由暂免一项限制，或提前结束", "Somebody was spared a limit for a while, with a reason, or no longer"
        ),
        Kind.HELP_OFFERED: Meaning("已给出求助方式", "Ways to get help were shown"),
        Kind.CASE_CRISIS_OPENED: Meaning("危机个案已立案", "A crisis case was opened"),
        Kind.CASE_CRISIS_RAISED: Meaning("危机个案升级", "A crisis case was raised to a higher level"),
        Kind.CASE_CLAIMED: Meaning("有人接手个案", "A responder took the case"),
        Kind.CASE_CLOSED: Meaning("个案已结，附理由", "A case was closed, with a reason"),
        Kind.CASE_REVIEWED: Meaning("另一人复核了个案", "A second person reviewed the case"),
        Kind.CASE_REOPENED: Meaning("个案重新打开", "A case was opened again"),
        Kind.DESK_PAGED: Meaning("已呼叫值守台", "The care desk was paged"),
        Kind.DESK_ESCALATED: Meaning(
            "值守台未及时接手，已上报下一级", "Nobody claimed in time; the next tier was paged"
        ),
        Kind.DESK_ALARMED: Meaning(
            "值守台无人应答或无法联系任何人，已呼叫所有人", "Nobody answered or could be told; everybody was called"
        ),
        Kind.CASE_NOTED: Meaning(
            "个案中加入了一条工作记录（只记编号）", "A working note was added to a case; only its id is here"
        ),
        Kind.CASE_CALL_LOGGED: Meaning(
            "已记录一次拨打公共求助电话", "A call to a public emergency or help line was logged"
        ),
        Kind.CONVERSATION_READ: Meaning(
            "有人附理由查看了对话内容", "Somebody read words of a conversation, with a reason"
        ),
        Kind.ACCESS_ASKED: Meaning(
            "有人申请查看原文，附个案和理由", "Somebody asked to read raw text, for a case and a reason"
        ),
        Kind.ACCESS_APPROVED: Meaning(
            "第二人同意了查看申请，到时自动结束", "A second person agreed to that, for a while"
        ),
        Kind.ACCESS_ENDED: Meaning(
            "查看结束：到时、提前结束、未获同意或无人答复", "It is over: time, taken back, refused or unanswered"
        ),
        Kind.TAKEOVER_REQUESTED: Meaning("请求人工接管", "A human was asked to take over the conversation"),
        Kind.TAKEOVER_CLAIMED: Meaning("值守人员答应接管", "A responder promised to take over"),
        Kind.TAKEOVER_JOINED: Meaning("值守人员已进入对话", "A responder joined the conversation"),
        Kind.TAKEOVER_HANDED_BACK: Meaning("对话已交还人工智能", "The conversation was handed back to the AI"),
        Kind.OUTREACH_ATTEMPTED: Meaning("尝试联系监护人或紧急联系人", "A guardian or contact was tried"),
        Kind.OUTREACH_SENT: Meaning(
            "发送有了结果：已受理、被拒或不明", "How a send ended: taken, refused, or nobody knows"
        ),
        Kind.OUTREACH_HELD: Meaning("暂不联系某位联系人，附理由", "Telling a contact was held back, with a reason"),
        Kind.OUTREACH_RELEASED: Meaning("解除暂缓，可以联系", "A contact may be told again"),
        Kind.OUTREACH_CONFIRMED: Meaning("对方确认收到", "The person told confirmed that they know"),
        Kind.OUTREACH_UNREACHABLE: Meaning("未能联系上任何人", "Nobody could be reached"),
        Kind.CARE_CHECKED_IN: Meaning("次日已轻声问候", "A gentle question was asked the day after"),
        Kind.NOTICE_AI_SHOWN: Meaning("已提示对方是人工智能", "The user was shown that this is an AI"),
        Kind.NOTICE_AI_CONFIRMED: Meaning(
            "用户确认知道对方是人工智能", "The user confirmed knowing that this is an AI"
        ),
        Kind.NOTICE_BREAK_SHOWN: Meaning("已提示休息", "The user was asked to pause"),
        Kind.NOTICE_BREAK_CONFIRMED: Meaning("用户确认看到休息提示", "The user confirmed the request to pause"),
        Kind.NOTICE_DEPENDENCE_SHOWN: Meaning("已提示勿过度依赖", "The user was warned of dependence"),
        Kind.NOTICE_REALITY_SHOWN: Meaning("已提醒现实与虚拟的区别", "The user was reminded what is real"),
        Kind.NOTICE_LIMIT_SHOWN: Meaning("已提示时间或次数有限", "The user was told that time or turns are limited"),
        Kind.NOTICE_GUIDANCE_SHOWN: Meaning(
            "已向老年人提示健康使用与防骗", "An elder was shown guidance on healthy use, money and health"
        ),
        Kind.NOTICE_CONTACT_SHOWN: Meaning("已请老人登记紧急联系人", "An elder was asked to name an emergency contact"),
        Kind.NOTICE_MODE_SHOWN: Meaning(
            "已说明切换为未成年人模式及申诉方式", "The user was told why minors' mode is on, and how to appeal"
        ),
        Kind.NOTICE_OUTAGE_SHOWN: Meaning("已告知服务中断", "The user was told that the service is down"),
        Kind.PERSON_CHANGED: Meaning("个人基本情况变更", "Facts about a person changed"),
        Kind.CONTACT_CHANGED: Meaning("紧急联系人变更", "An emergency contact changed"),
        Kind.GUARDIAN_CHANGED: Meaning("监护人变更", "A guardian changed"),
        Kind.CONSENT_GIVEN: Meaning("同意某一用途", "Consent for one purpose was given"),
        Kind.CONSENT_WITHDRAWN: Meaning("撤回同意", "Consent was withdrawn"),
        Kind.PERSONA_CHANGED: Meaning("角色设定变更", "A persona changed"),
        Kind.SERVICE_SWITCHED: Meaning("服务被关停或重新开启", "The service was switched off or on"),
        Kind.KEY_ROTATED: Meaning("密钥更换的一步", "A step in which a key is replaced by a newer one"),
        Kind.KEY_DESTROYED: Meaning(
            "主密钥已销毁，之前的备份从此读不出", "A master key was destroyed; no backup under it opens any more"
        ),
        Kind.RECORD_ERASURE_ASKED: Meaning("有人请求删除记录", "Somebody asked that records be erased"),
        Kind.RECORD_HELD: Meaning(
            "依法暂不删除某人的记录，或不再如此",
            "Somebody's records are kept because the law asks for it, or no longer",
        ),
        Kind.RECORD_ERASED: Meaning("记录已删除", "Records were erased"),
        Kind.RECORD_RETENTION_SWEPT: Meaning(
            "到期的数据已删除，或因未结个案而暂留", "What was past its days was deleted, or kept back for an open case"
        ),
        Kind.LOG_NETWORK_SEALED: Meaning(
            "一整天的网络日志已汇总入账", "A whole day of the network log was summed up here"
        ),
        Kind.LOG_NETWORK_CHECKED: Meaning(
            "到期的网络日志删除前已核对", "A day of the network log was checked before it went"
        ),
        Kind.RECORD_COPIED: Meaning(
            "为本人做好了一份副本，或副本被取走", "A copy of a person's records was made for them, or fetched"
        ),
        Kind.COMPLAINT_RECEIVED: Meaning("收到投诉", "A complaint came in"),
        Kind.COMPLAINT_ANSWERED: Meaning("投诉已答复", "A complaint was answered"),
        Kind.INCIDENT_REPORTED: Meaning("重大风险已上报", "A major risk was reported"),
        Kind.DRILL_RUN: Meaning("进行了演练", "A drill was run"),
        Kind.DEPLOYMENT_STARTED: Meaning("服务启动", "The deployment started"),
        Kind.SPOOL_REPLAYED: Meaning("暂存的记录已补记", "Entries kept aside were entered late"),
        Kind.DETECTOR_UNAVAILABLE: Meaning("某检测器不可用", "A detector could not look"),
        Kind.STAFF_ADDED: Meaning("值守台新增一人", "Somebody was added to the desk"),
        Kind.STAFF_CHANGED: Meaning("值守人员的状态或登录方式变更", "Somebody's place or log-in at the desk changed"),
        Kind.STAFF_LOGGED_IN: Meaning("值守人员登录", "Somebody at the desk logged in"),
        Kind.STAFF_LOGIN_REFUSED: Meaning("值守台登录被拒绝", "A log-in at the desk was refused"),
        Kind.STAFF_LOGGED_OUT: Meaning("值守人员退出登录", "Somebody at the desk logged out"),
        Kind.STAFF_RESTED: Meaning("值守人员开始或结束休息", "Somebody at the desk began or ended a rest"),
        Kind.ROTA_CHANGED: Meaning("值班表变更", "The rota changed"),
        Kind.WORDS_CHANGED: Meaning(
            "话术起草、批准、启用或停用", "A wording was drafted, approved, put to use or retired"
        ),
        Kind.WORDS_SIGNED: Meaning(
            "专业人员签署或撤回对话术的认可", "A professional signed the words, or took it back"
        ),
        Kind.LEDGER_OPENED: Meaning(
            "新的账本开始，并指明前一本的终点", "A new log began; it names the end of the last"
        ),
        Kind.LEDGER_CLOSED: Meaning("账本到此为止，之后记入新账本", "This log ends here and goes on in a new one"),
        Kind.LEDGER_DAMAGED: Meaning("存储的账本与签过的不符", "What is stored of a log is not what was signed"),
        Kind.CHECKPOINT_WITNESSED: Meaning("外部见证方已留存检查点", "An outside witness holds a checkpoint"),
        Kind.CHECKPOINT_UNWITNESSED: Meaning("外部见证方长时间未能留存", "A witness has been away for too long"),
        Kind.CHECKPOINT_CONTRADICTED: Meaning(
            "外部见证方所持与我方账本矛盾", "What a witness holds contradicts this ledger"
        ),
    }
)
