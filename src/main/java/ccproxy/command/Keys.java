package ccproxy.command;

import java.time.Duration;
import java.util.List;

/// The table of keys, with names, defaults and meanings: [#ALL], whose order flags, variables, the
/// help and the README follow. Here are those of the server itself; [AccessKeys], [BackendKeys] and
/// [ObserveKeys] have the others.
final class Keys {
    static final Key<String> HOST =
            Key.of(
                    "host",
                    ValueType.matching("[!-~]{1,253}", "an address or a name of this machine"),
                    "127.0.0.1",
                    "where to listen; beyond this machine only with auth_token");
    static final Key<Integer> PORT =
            Key.of("port", ValueType.number(0, 65535), "8000", "0 = any free port");
    static final Key<Duration> PING =
            Key.of(
                    "ping",
                    ValueType.duration("1h"),
                    "5s",
                    "silence after which an open stream gets a ping");
    static final Key<Long> MAX_BODY =
            Key.of("max_body", ValueType.size(), "32MB", "a larger request is a 413");
    static final Key<Integer> MAX_STREAMS =
            Key.of(
                    "max_streams",
                    ValueType.number(1, 100_000),
                    "2000",
                    "answers at once; beyond it 529 (Chat Completions: 503) with retry-after");
    static final Key<Integer> MAX_CONNECTIONS =
            Key.of(
                    "max_connections",
                    ValueType.number(1, 100_000),
                    "10000",
                    "clients' connections at once, idle ones too; those beyond it are closed");
    static final Key<Duration> SHUTDOWN_DELAY =
            Key.of(
                    "shutdown_delay",
                    ValueType.durationOrNone("24h"),
                    "0s",
                    "after SIGTERM requests are taken for so long, while /health/ready is 503: a load balancer needs it");
    static final Key<Duration> SHUTDOWN_GRACE =
            Key.of(
                    "shutdown_grace",
                    ValueType.duration("24h"),
                    "20s",
                    "streams may finish for so long after SIGTERM");
    static final Key<String> REASONING =
            Key.of(
                    "reasoning",
                    ValueType.choice("field", "tags", "hide"),
                    "field",
                    "thinking in Chat Completions: field (reasoning_content), tags, hide");
    static final Key<Boolean> STRICT =
            Key.of(
                    "strict",
                    ValueType.TRUTH,
                    "false",
                    "a field that cannot be honoured is a 400, not a warning");

    /// Every key, in the order in which people read them.
    static final List<Key<?>> ALL =
            List.of(
                    HOST,
                    PORT,
                    BackendKeys.BACKEND,
                    AccessKeys.AUTH_TOKEN,
                    AccessKeys.AUTH_TOKENS,
                    AccessKeys.ALLOW_UNAUTHENTICATED,
                    AccessKeys.TLS_KEYSTORE,
                    AccessKeys.TLS_KEYSTORE_PASSWORD,
                    AccessKeys.HOSTS,
                    AccessKeys.CORS_ORIGINS,
                    BackendKeys.API_BASE_URL,
                    BackendKeys.API_VERSION,
                    BackendKeys.API_KEY,
                    BackendKeys.API_AUTH_TOKEN,
                    BackendKeys.SDK_PATH,
                    BackendKeys.SDK_CWD,
                    BackendKeys.SDK_TOOLS,
                    BackendKeys.SDK_PERMISSION_MODE,
                    BackendKeys.SDK_MESSAGE_MODE,
                    BackendKeys.SDK_WARM,
                    BackendKeys.SDK_MAX_PROCESSES,
                    BackendKeys.SESSION_IDLE_TTL,
                    BackendKeys.SESSION_BUSY_WAIT,
                    BackendKeys.TIMEOUT_FIRST_EVENT,
                    BackendKeys.TIMEOUT_IDLE,
                    BackendKeys.TIMEOUT_CONNECT,
                    PING,
                    MAX_BODY,
                    MAX_STREAMS,
                    MAX_CONNECTIONS,
                    SHUTDOWN_DELAY,
                    SHUTDOWN_GRACE,
                    ObserveKeys.LOG_LEVEL,
                    ObserveKeys.LOG_FORMAT,
                    ObserveKeys.TRACE_DIR,
                    ObserveKeys.TRACE_MAX_REQUESTS,
                    ObserveKeys.TRACE_MAX_BYTES,
                    ObserveKeys.TRACE_MAX_REQUEST_BYTES,
                    REASONING,
                    BackendKeys.MODELS,
                    ObserveKeys.PRICES,
                    ObserveKeys.USAGE_KEEP_DAYS,
                    STRICT);

    /// Those that hold for as long as the server runs: the socket and the folder of traces are made
    /// of them.
    static final List<Key<?>> FIXED =
            List.of(
                    HOST,
                    PORT,
                    MAX_CONNECTIONS,
                    AccessKeys.TLS_KEYSTORE,
                    AccessKeys.TLS_KEYSTORE_PASSWORD,
                    ObserveKeys.TRACE_DIR,
                    ObserveKeys.TRACE_MAX_REQUESTS,
                    ObserveKeys.TRACE_MAX_BYTES,
                    ObserveKeys.TRACE_MAX_REQUEST_BYTES,
                    ObserveKeys.USAGE_KEEP_DAYS);

    private Keys() {}
}
