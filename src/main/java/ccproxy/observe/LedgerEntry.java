package ccproxy.observe;

import ccproxy.wire.JsonReader;
import ccproxy.wire.Usage;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Map;

/// What a line of the ledger says, as far as sums need it.
///
/// @param time when the answer ended
/// @param key the client's, `""` for none
/// @param model asked for
/// @param session `""` for none
/// @param status what the client got
/// @param usage what was counted
/// @param cost what that costs
record LedgerEntry(
        Instant time,
        String key,
        String model,
        String session,
        int status,
        Usage usage,
        Finished.Cost cost) {
    /// A line, its end included: one write of one line is whole on any disk, and a reader knows
    /// that more is garbage. What can be long in it is cut.
    static final int BYTES_MAX = 4096;

    private static final int TEXT_BYTES_MAX = 300;
    private static final int LINE_CHARS = 640;

    /// {@return the line of an exchange, its end included}
    static byte[] line(Finished done) {
        var out = new StringBuilder(LINE_CHARS);
        out.append("{\"time\":\"");
        UtcTime.append(out, done.at());
        out.append('"');
        text(out, "request_id", done.context().requestId());
        text(out, "key", done.key());
        text(out, "route", done.request().route());
        text(out, "backend", done.asked().backend());
        text(out, "model", done.asked().model());
        text(out, "session_id", done.asked().session());
        name(out, "stream").append(done.asked().isStream());
        number(out, "status", done.status());
        Finished.Time time = done.time();
        Decimal.append(name(out, "duration_ms"), time.micros(), RequestLine.MILLIS_DIGITS);
        name(out, "first_token_ms");
        if (time.hasFirstToken())
            Decimal.append(out, time.firstTokenMicros(), RequestLine.MILLIS_DIGITS);
        else out.append("null");
        Usage usage = done.usage();
        number(out, "input_tokens", usage.inputTokens());
        number(out, "output_tokens", usage.outputTokens());
        number(out, "cache_read_tokens", usage.cacheReadTokens());
        number(out, "cache_creation_tokens", usage.cacheCreationTokens());
        number(out, "cache_creation_1h_tokens", usage.extras().cacheCreation1hTokens());
        number(out, "web_searches", usage.extras().webSearches());
        name(out, "cost_usd");
        if (done.cost().isKnown()) Decimal.append(out, done.cost().nanos(), RequestLine.USD_DIGITS);
        else out.append("null");
        text(out, "stop_reason", done.end().stopReason());
        return out.append("}\n").toString().getBytes(StandardCharsets.UTF_8);
    }

    private static void text(StringBuilder out, String name, String value) {
        JsonText.append(name(out, name), Secrets.mask(value), TEXT_BYTES_MAX);
    }

    private static void number(StringBuilder out, String name, long value) {
        name(out, name).append(value);
    }

    private static StringBuilder name(StringBuilder out, String name) {
        return out.append(",\"").append(name).append("\":");
    }

    /// {@return what a line says}
    ///
    /// @param length of it in `bytes`
    /// @throws IllegalArgumentException when it is no line of a ledger
    static LedgerEntry of(byte[] bytes, int length) {
        Map<String, Object> line = JsonReader.flat(bytes, length);
        try {
            boolean hasCost = line.get("cost_usd") instanceof Number;
            long nanos = Math.round(decimal(line, "cost_usd") * 1e9);
            return new LedgerEntry(
                    Instant.parse(text(line, "time")),
                    text(line, "key"),
                    text(line, "model"),
                    text(line, "session_id"),
                    (int) count(line, "status"),
                    usage(line),
                    hasCost ? new Finished.Cost(true, nanos) : Finished.Cost.UNKNOWN);
        } catch (DateTimeException e) {
            throw new IllegalArgumentException("expected a time", e);
        }
    }

    private static Usage usage(Map<String, Object> line) {
        return new Usage(
                        count(line, "input_tokens"),
                        count(line, "output_tokens"),
                        count(line, "cache_read_tokens"),
                        count(line, "cache_creation_tokens"),
                        0)
                .bounded();
    }

    private static String text(Map<String, Object> line, String name) {
        return line.get(name) instanceof String text ? text : "";
    }

    private static long count(Map<String, Object> line, String name) {
        return line.get(name) instanceof Long number ? number : 0;
    }

    private static double decimal(Map<String, Object> line, String name) {
        return line.get(name) instanceof Number number ? number.doubleValue() : 0;
    }
}
