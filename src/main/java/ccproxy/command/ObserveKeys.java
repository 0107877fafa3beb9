package ccproxy.command;

import ccproxy.claude.Prices;

/// The keys that say what is written down of requests, and what they cost; part of [Keys].
final class ObserveKeys {
    static final Key<String> LOG_LEVEL =
            Key.of(
                    "log.level",
                    ValueType.choice("debug", "info", "warn", "error"),
                    "info",
                    "the least that is logged: debug, info, warn, error");
    static final Key<String> LOG_FORMAT =
            Key.of(
                    "log.format",
                    ValueType.choice("json", "text"),
                    "json",
                    "json, or text for people");
    static final Key<String> TRACE_DIR =
            Key.of(
                    "trace.dir",
                    ValueType.path("the path of a folder"),
                    "",
                    "writes each request and its answer, bodies too, to a folder here; none = off");
    static final Key<Integer> TRACE_MAX_REQUESTS =
            Key.of(
                    "trace.max_requests",
                    ValueType.number(1, 1_000_000),
                    "1000",
                    "traces kept; the oldest are removed");
    static final Key<Long> TRACE_MAX_BYTES =
            Key.of(
                    "trace.max_bytes",
                    ValueType.size(),
                    "1GB",
                    "what all traces may take; the oldest are removed");
    static final Key<Long> TRACE_MAX_REQUEST_BYTES =
            Key.of(
                    "trace.max_request_bytes",
                    ValueType.size(),
                    "32MB",
                    "what one trace may take; what comes after is left out");
    static final Key<Prices> PRICES =
            Key.of(
                    "prices",
                    ValueType.prices(),
                    "",
                    "US dollars a million tokens, before the built-in ones: claude-x=input:3/output:15/cache_read:0.3");
    static final Key<Integer> USAGE_KEEP_DAYS =
            Key.of(
                    "usage.keep_days",
                    ValueType.number(0, 3650),
                    "62",
                    "days that the usage ledger keeps: this month and the last; 0 = no ledger");

    private ObserveKeys() {}
}
