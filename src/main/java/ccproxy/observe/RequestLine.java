package ccproxy.observe;

import ccproxy.wire.Usage;

/// The log's line of an exchange that has ended.
final class RequestLine {
    /// Milliseconds, of microseconds.
    static final int MILLIS_DIGITS = 3;

    /// Dollars, of billionths.
    static final int USD_DIGITS = 9;

    private RequestLine() {}

    static void write(Finished done) {
        LogLine line = Log.info("request").with("request_id", done.context().requestId());
        line.with("client", done.context().client()).with("key", textOrNull(done.key()));
        line.with("method", done.request().method()).with("route", done.request().route());
        line.with("status", done.status());
        line.with("duration_ms", done.time().micros(), MILLIS_DIGITS);
        if (done.time().hasFirstToken())
            line.with("first_token_ms", done.time().firstTokenMicros(), MILLIS_DIGITS);
        else line.with("first_token_ms", (String) null);
        Finished.Asked asked = done.asked();
        line.with("backend", textOrNull(asked.backend())).with("model", textOrNull(asked.model()));
        line.with("session_id", textOrNull(asked.session())).with("stream", asked.isStream());
        tokens(line, done);
        if (done.cost().isKnown()) line.with("cost_usd", done.cost().nanos(), USD_DIGITS);
        else line.with("cost_usd", (String) null);
        line.with("stop_reason", textOrNull(done.end().stopReason()));
        line.with("error", textOrNull(done.end().error())).write();
    }

    private static void tokens(LogLine line, Finished done) {
        Usage usage = done.usage();
        boolean isAnswer = !done.asked().backend().isEmpty();
        count(line, "input_tokens", isAnswer, usage.inputTokens());
        count(line, "output_tokens", isAnswer, usage.outputTokens());
        count(line, "cache_read_tokens", isAnswer, usage.cacheReadTokens());
        count(line, "cache_creation_tokens", isAnswer, usage.cacheCreationTokens());
    }

    private static void count(LogLine line, String name, boolean isCounted, long count) {
        if (isCounted) line.with(name, count);
        else line.with(name, (String) null);
    }

    private static String textOrNull(String text) {
        return text.isEmpty() ? null : text;
    }
}
