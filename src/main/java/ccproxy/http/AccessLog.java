package ccproxy.http;

import ccproxy.observe.Log;
import ccproxy.observe.LogLine;
import ccproxy.observe.RequestContext;
import ccproxy.wire.Usage;
import java.util.concurrent.TimeUnit;

/// What is known of one exchange, and its line in the log when it ends. For one thread.
final class AccessLog {
    private final long startNanos = System.nanoTime();
    private final RequestContext context;
    private final String method;
    private final String route;
    private long firstTokenNanos;
    private String backend = "";
    private String model = "";
    private String session = "";
    private boolean isStream;
    private boolean isAnswer;
    private Usage usage = Usage.NONE;
    private String stopReason = "";
    private String error = "";

    AccessLog(RequestContext context, String method, String route) {
        this.context = context;
        this.method = method;
        this.route = route;
    }

    /// Notes who answers what.
    void asked(String backend, String model, String session, boolean isStream) {
        this.backend = backend;
        this.model = model;
        this.session = session;
        this.isStream = isStream;
        this.isAnswer = true;
    }

    /// Notes that the first of the answer's content has come.
    void firstToken() {
        if (firstTokenNanos == 0) firstTokenNanos = System.nanoTime();
    }

    /// Notes what was counted.
    void counted(Usage usage, String stopReason) {
        this.usage = usage;
        this.stopReason = stopReason;
    }

    /// Notes what went wrong; the first thing counts.
    void failed(String error) {
        if (this.error.isEmpty()) this.error = error;
    }

    /// Writes the line.
    void write(int status) {
        LogLine line = Log.info("request").with("request_id", context.requestId());
        line.with("client", context.client()).with("method", method).with("route", route);
        line.with("status", status).with("duration_ms", millis(System.nanoTime() - startNanos));
        if (firstTokenNanos == 0) line.with("first_token_ms", (String) null);
        else line.with("first_token_ms", millis(firstTokenNanos - startNanos));
        line.with("backend", textOrNull(backend)).with("model", textOrNull(model));
        line.with("session_id", textOrNull(session)).with("stream", isStream);
        if (isAnswer) {
            line.with("input_tokens", usage.inputTokens())
                    .with("output_tokens", usage.outputTokens());
            line.with("cache_read_tokens", usage.cacheReadTokens());
            line.with("cache_creation_tokens", usage.cacheCreationTokens());
        } else {
            line.with("input_tokens", (String) null).with("output_tokens", (String) null);
            line.with("cache_read_tokens", (String) null)
                    .with("cache_creation_tokens", (String) null);
        }
        line.with("cost_usd", (String) null).with("stop_reason", textOrNull(stopReason));
        line.with("error", textOrNull(error)).write();
    }

    private static double millis(long nanos) {
        return TimeUnit.NANOSECONDS.toMicros(nanos) / 1000.0;
    }

    private static String textOrNull(String text) {
        return text.isEmpty() ? null : text;
    }
}
