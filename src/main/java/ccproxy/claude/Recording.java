package ccproxy.claude;

import ccproxy.wire.ApiException;
import ccproxy.wire.Json;
import ccproxy.wire.JsonDifference;
import ccproxy.wire.MessagesRequest;
import ccproxy.wire.TraceLine;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// What a trace holds of the upstream's side of a request, to be played again: the question, the
/// answer, and what the server remembered. One exchange plays it, once; another thread may then ask
/// for the [#differences()].
public final class Recording {
    /// What follows the last line.
    static final JsonNode END = Json.object().put("end", true);

    /// Of a trace, and not of the question.
    private static final Set<String> NOTES = Set.of("remembered", "model_told");

    private final ObjectNode asked;
    private final List<JsonNode> lines;
    private final boolean isPausing;
    private final List<String> differences = new ArrayList<>();
    private boolean isPlayed;

    /// @param asked `upstream-request.json`, an empty object when nothing was asked
    /// @param lines of `upstream.jsonl`
    /// @param headMillis when the client got its first byte
    /// @throws IllegalArgumentException when a line is none
    public Recording(ObjectNode asked, List<JsonNode> lines, double headMillis) {
        this.asked = asked;
        this.lines = lines;
        this.isPausing =
                lines.stream()
                        .filter(line -> !line.has("headers"))
                        .findFirst()
                        .map(line -> line.path("ms").asDouble(0) > headMillis)
                        .orElse(false);
        for (JsonNode line : lines) check(line);
    }

    /// Every line is looked at before the first is played.
    private static void check(JsonNode line) {
        boolean isOther =
                line.has("headers") || line.has("end") || line.has("closed") || line.has("cut");
        if (line.has("error")) ApiException.recorded(line.path("error"));
        else if (!isOther) TraceLine.read(line);
    }

    /// {@return whether a ping went out before the first event}
    public boolean isPausing() {
        return isPausing;
    }

    /// {@return whether such a failure comes from other requests, which are not played}
    public static boolean isFromOutside(String error) {
        return error.equals(SessionStream.BUSY) || error.equals(SessionStream.INTERRUPTED);
    }

    /// {@return what the upstream had told of the model, as a list}
    ArrayNode modelTold() {
        JsonNode told = asked.path("model_told");
        return told.isObject() ? Json.array().add(told) : Json.array();
    }

    /// Gives back what the server remembered when it asked: the messages of the session that it put
    /// in front of the client's, and thinking for clients that drop it. All of it went upstream.
    void remind(SessionClaude claude, String backend, ThinkingStore thinking) {
        JsonNode body = asked.path("body");
        ArrayNode messages = Json.array();
        for (JsonNode message : body.path("messages")) {
            boolean isAnswer = message.path("role").asString("").equals("assistant");
            if (isAnswer) thinking.keep(message.path("content"));
            if (messages.size() < asked.path("remembered").asInt(0)) messages.add(message);
        }
        String session = asked.path("session").asString("");
        if (session.isEmpty() || messages.isEmpty()) return;
        ObjectNode whole = Json.object();
        for (String name : List.of("model", "system", "tools"))
            if (body.has(name)) whole.set(name, body.path(name));
        whole.set("messages", messages);
        Instant now = Instant.now();
        var held = new Session(new Session.Key(backend, "", session), now);
        claude.remember(held, MessagesRequest.of(whole), Json.array());
    }

    /// {@return the recorded answer}
    ///
    /// @param found what is asked now
    synchronized EventStream asked(ObjectNode found) {
        isPlayed = true;
        if (asked.isEmpty()) {
            differences.add("$: expected no question to Claude, found one");
            return new PlayedStream(lines, isPausing);
        }
        ObjectNode expected = asked.deepCopy();
        NOTES.forEach(expected::remove);
        // As it would be read from a file: the same number may be written in two ways.
        byte[] written = Json.bytes(found);
        differences.addAll(
                JsonDifference.of(expected, Json.tree(written, 0, written.length), Set.of()));
        return new PlayedStream(lines, isPausing);
    }

    /// {@return where what was asked is not what was recorded, a line each: `$.body.model: …`}
    public synchronized List<String> differences() {
        if (isPlayed || asked.isEmpty()) return List.copyOf(differences);
        return List.of("$: expected a question to Claude, found none");
    }
}
