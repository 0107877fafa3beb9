package ccproxy.wire;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;

/// What a client got, as a trace has it or as it came just now, to be compared. What is new with
/// each answer is not: see [#ignored] and [#isIgnored].
public final class TracedAnswer {
    /// Made for each answer: a random id, the time, and a fingerprint that changes with our
    /// version.
    private static final Set<String> IGNORED = Set.of("$.id", "$.created", "$.system_fingerprint");

    private static final Set<String> IGNORED_BESIDE_ID =
            Set.of("$.created", "$.system_fingerprint");

    private final int status;
    private final Map<String, String> headers = new TreeMap<>();
    private final byte[] body;

    private TracedAnswer(int status, Map<String, List<String>> headers, byte[] body) {
        this.status = status;
        this.body = body;
        headers.forEach((name, values) -> {
            String lower = name.toLowerCase(Locale.ROOT);
            if (!isIgnored(lower)) this.headers.put(lower, String.join(", ", values));
        });
    }

    /// Set by the connection (of it, and of the length, which follows from the body), counted from
    /// now, or for the browser that asked.
    private static boolean isIgnored(String name) {
        return switch (name) {
            case "date",
                    "connection",
                    "keep-alive",
                    "transfer-encoding",
                    "content-length",
                    "vary" ->
                    true;
            default -> name.startsWith("x-ratelimit-reset-") || name.startsWith("access-control-");
        };
    }

    /// {@return an answer that came just now}
    public static TracedAnswer of(int status, Map<String, List<String>> headers, byte[] body) {
        return new TracedAnswer(status, headers, body);
    }

    /// {@return the answer that the lines of `response.jsonl` tell of; its status is 0 when the
    /// client got none}
    public static TracedAnswer of(List<JsonNode> lines) {
        int status = 0;
        var headers = new TreeMap<String, List<String>>();
        var body = new ByteArrayOutputStream();
        for (JsonNode line : lines) {
            status = line.path("status").asInt(status);
            for (var header : line.path("headers").properties()) {
                var values = new ArrayList<String>();
                header.getValue().forEach(value -> values.add(value.asString("")));
                headers.put(header.getKey(), values);
            }
            body.writeBytes(TraceLine.body(line));
            body.writeBytes(TraceLine.frame(line));
        }
        return new TracedAnswer(status, headers, body.toByteArray());
    }

    /// {@return this, without what is left of limits}: where the upstream told of none, they were
    /// those of the client's key, which a replay does not have.
    public TracedAnswer withoutLimits() {
        headers.keySet()
                .removeIf(name ->
                        name.startsWith("anthropic-ratelimit-") || name.startsWith("x-ratelimit-"));
        return this;
    }

    /// {@return where `found` is not this: a line each, at most about [JsonDifference#SHOWN_MAX]}
    ///
    /// @param isWhole whether the client stayed to the end: else `found` may go on
    public List<String> differences(TracedAnswer found, boolean isWhole) {
        var lines = new ArrayList<String>();
        if (status == 0) return lines;
        if (status != found.status)
            lines.add("status: expected " + status + ", found " + found.status);
        var names = new TreeMap<>(headers);
        names.putAll(found.headers);
        for (String name : names.keySet()) {
            String expected = headers.getOrDefault(name, "");
            String given = found.headers.getOrDefault(name, "");
            if (!expected.equals(given))
                lines.add("header " + name + ": " + JsonDifference.texts(expected, given));
        }
        if (isStream() && found.isStream()) compareEvents(found, isWhole, lines);
        else if (isWhole || body.length > 0) compareBodies(found, lines);
        return lines.subList(0, Math.min(lines.size(), JsonDifference.SHOWN_MAX));
    }

    private boolean isStream() {
        return headers.getOrDefault("content-type", "").startsWith("text/event-stream");
    }

    private void compareBodies(TracedAnswer found, List<String> lines) {
        try {
            JsonNode expected = Json.tree(body, 0, body.length);
            JsonNode given = Json.tree(found.body, 0, found.body.length);
            for (String line : JsonDifference.of(expected, given, ignored(expected)))
                lines.add("body " + line);
        } catch (IllegalArgumentException _) {
            if (!text(body).equals(text(found.body)))
                lines.add("body: " + JsonDifference.texts(text(body), text(found.body)));
        }
    }

    /// Only Chat Completions has them; an id that is not random is made from the upstream's.
    private static Set<String> ignored(JsonNode answer) {
        if (!answer.path("object").asString("").startsWith("chat.completion")) return Set.of();
        boolean isRandom = answer.path("id").asString("").matches("chatcmpl-[0-9a-f]{32}");
        return isRandom ? IGNORED : IGNORED_BESIDE_ID;
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private void compareEvents(TracedAnswer found, boolean isWhole, List<String> lines) {
        List<SseEvent> expected = events();
        List<SseEvent> given = found.events();
        int count = isWhole ? Math.max(expected.size(), given.size()) : expected.size();
        for (int i = 0; i < count && lines.size() < JsonDifference.SHOWN_MAX; i++) {
            String where = "event " + (i + 1);
            if (i >= given.size())
                lines.add(where + ": expected " + shown(expected.get(i)) + ", found the end");
            else if (i >= expected.size())
                lines.add(where + ": expected the end, found " + shown(given.get(i)));
            else compare(where, expected.get(i), given.get(i), lines);
        }
    }

    private static String shown(SseEvent event) {
        return JsonDifference.shown(event.toString().strip().replaceAll("\\R", " "));
    }

    private static void compare(
            String where, SseEvent expected, SseEvent found, List<String> lines) {
        if (!expected.name().equals(found.name())) {
            lines.add(where + ": " + JsonDifference.texts(expected.name(), found.name()));
        } else if (expected.isObject() && found.isObject()) {
            JsonNode json = expected.json();
            for (String line : JsonDifference.of(json, found.json(), ignored(json)))
                lines.add(where + " " + line);
        } else if (!expected.data().equals(found.data())) {
            lines.add(where + ": " + JsonDifference.texts(expected.data(), found.data()));
        }
    }

    /// Without pings: they come with silence, which a replay does not repeat.
    private List<SseEvent> events() {
        var events = new ArrayList<SseEvent>();
        var reader = new SseReader(new ByteArrayInputStream(body));
        try {
            for (SseEvent event = reader.next(); event != null; event = reader.next()) {
                if (!event.name().equals("ping")) events.add(event);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return events;
    }
}
