package ccproxy.command;

import ccproxy.claude.ModelMapping;
import java.net.URI;
import java.time.Duration;

/// The keys that say who answers, which model, and for how long; part of [Keys].
final class BackendKeys {
    static final Key<String> BACKEND =
            Key.of(
                    "backend",
                    ValueType.choice("auto", "sdk", "api", "echo"),
                    "auto",
                    "who answers: sdk, api, echo; auto = api if a key is set, else sdk if there is a claude program, else echo");
    static final Key<URI> API_BASE_URL =
            Key.of(
                            "api.base_url",
                            ValueType.baseUrl(),
                            "https://api.anthropic.com",
                            "where the Anthropic API is")
                    .orVariable("ANTHROPIC_BASE_URL");
    static final Key<String> API_VERSION =
            Key.of(
                    "api.version",
                    ValueType.matching(
                            "auto|[0-9]{4}-[0-9]{2}-[0-9]{2}", "auto or a date such as 2023-06-01"),
                    "auto",
                    "anthropic-version sent for Chat Completions; auto = 2023-06-01");
    static final Key<String> API_KEY =
            Key.secret("api.key", "ANTHROPIC_API_KEY", "sent to the API as x-api-key");
    static final Key<String> API_AUTH_TOKEN =
            Key.secret(
                    "api.auth_token",
                    "ANTHROPIC_AUTH_TOKEN",
                    "sent to the API as Authorization: Bearer");
    static final Key<String> SDK_PATH =
            Key.of(
                    "sdk.path",
                    ValueType.path("the path of a program"),
                    "",
                    "the Claude Code CLI; none = claude on the PATH");
    static final Key<String> SDK_CWD =
            Key.of(
                    "sdk.cwd",
                    ValueType.folder(),
                    "",
                    "where the CLI works; none = a private empty folder");
    static final Key<String> SDK_TOOLS =
            Key.of(
                    "sdk.tools",
                    ValueType.matching(
                            "[A-Za-z0-9_,()*:. -]{0,4096}",
                            "none, default or a list of the CLI's tools such as Read,Grep"),
                    "",
                    "built-in tools the CLI may use: none, default, or a list (Read,Grep)");
    static final Key<String> SDK_PERMISSION_MODE =
            Key.of(
                    "sdk.permission_mode",
                    ValueType.choice(
                            "default",
                            "acceptEdits",
                            "auto",
                            "bypassPermissions",
                            "dontAsk",
                            "manual",
                            "plan"),
                    "default",
                    "the CLI's own --permission-mode; what it would ask about is denied");
    static final Key<String> SDK_MESSAGE_MODE =
            Key.of(
                    "sdk.message_mode",
                    ValueType.choice("ignore", "formatted", "forward"),
                    "ignore",
                    "what of the CLI's own doings a client sees: ignore, formatted (XML tags in text), forward (own content blocks)");
    static final Key<Integer> SDK_WARM =
            Key.of("sdk.warm", ValueType.number(0, 64), "1", "CLI processes started ahead");
    static final Key<Integer> SDK_MAX_PROCESSES =
            Key.of(
                    "sdk.max_processes",
                    ValueType.number(1, 256),
                    "8",
                    "CLI processes at once; beyond it requests queue for session.busy_wait, then 503");
    static final Key<Duration> SESSION_IDLE_TTL =
            Key.of(
                    "session.idle_ttl",
                    ValueType.duration("720h"),
                    "1h",
                    "a session nobody used for so long is closed");
    static final Key<Duration> SESSION_BUSY_WAIT =
            Key.of(
                    "session.busy_wait",
                    ValueType.duration("24h"),
                    "30s",
                    "a second request on a busy session waits so long, then 409");
    static final Key<Duration> TIMEOUT_FIRST_EVENT =
            Key.of(
                    "timeout.first_event",
                    ValueType.duration("24h"),
                    "120s",
                    "until the API's answer begins");
    static final Key<Duration> TIMEOUT_IDLE =
            Key.of(
                    "timeout.idle",
                    ValueType.duration("24h"),
                    "60s",
                    "the API's longest silence within an answer");
    static final Key<Duration> TIMEOUT_CONNECT =
            Key.of(
                    "timeout.connect",
                    ValueType.duration("24h"),
                    "10s",
                    "until the API is connected");
    static final Key<ModelMapping> MODELS =
            Key.of(
                    "models",
                    ValueType.models(),
                    "",
                    "ordered rules before the built-in ones: gpt-4o=sonnet,o1-*=opus,/^o[0-9]/=opus");

    private BackendKeys() {}
}
