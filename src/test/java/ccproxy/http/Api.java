package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.wire.Json;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// The two APIs as a client sees them: the same question in both, and what their answers look like.
enum Api {
    CHAT("/v1/chat/completions"),
    MESSAGES("/v1/messages");

    static final String MODEL = "claude-sonnet-5";

    final String path;

    Api(String path) {
        this.path = path;
    }

    /// {@return the body of a question for a whole answer}
    String body(String text) {
        return request(text, false).toString();
    }

    /// {@return the body of a question for a streamed answer}
    String stream(String text) {
        return request(text, true).toString();
    }

    /// {@return a question that may be changed}
    ObjectNode request(String text, boolean isStream) {
        ObjectNode request = Json.object().put("model", MODEL).put("max_tokens", 100_000);
        if (isStream) request.put("stream", true);
        request.putArray("messages").addObject().put("role", "user").put("content", text);
        return request;
    }

    /// {@return the text of a whole answer}
    String text(String body) {
        JsonNode answer = Json.tree(body);
        return this == CHAT
                ? answer.path("choices").path(0).path("message").path("content").asString("")
                : answer.path("content").path(0).path("text").asString("");
    }

    /// {@return the tokens that a whole answer says were read}
    int inputTokens(String body) {
        JsonNode usage = Json.tree(body).path("usage");
        return usage.path(this == CHAT ? "prompt_tokens" : "input_tokens").asInt(-1);
    }

    /// {@return the text of a streamed answer}
    String streamedText(String body) {
        var text = new StringBuilder();
        for (JsonNode event : events(body)) {
            text.append(
                    this == CHAT
                            ? event.path("choices")
                                    .path(0)
                                    .path("delta")
                                    .path("content")
                                    .asString("")
                            : event.path("delta").path("text").asString(""));
        }
        return text.toString();
    }

    /// {@return the data of a stream's events, but for `[DONE]`}
    static List<JsonNode> events(String body) {
        var events = new ArrayList<JsonNode>();
        for (String line : body.split("\n")) {
            if (line.startsWith("data: ") && !line.equals("data: [DONE]"))
                events.add(Json.tree(line.substring(6)));
        }
        return events;
    }

    /// {@return whether a streamed answer says that it is whole}
    boolean isWhole(String body) {
        return this == CHAT
                ? body.endsWith("data: [DONE]\n\n")
                : body.contains("event: message_stop\n");
    }

    /// {@return the pings in a streamed answer}
    int pings(String body) {
        return body.split(this == CHAT ? "(?m)^: ping$" : "(?m)^event: ping$", -1).length - 1;
    }

    /// {@return the message of an error that has this API's shape}
    String error(String body) {
        JsonNode root = Json.tree(body);
        JsonNode error = root.path("error");
        assertTrue(error.path("message").isString(), body);
        assertTrue(error.path("type").isString(), body);
        if (this == CHAT) {
            assertEquals(List.of("error"), List.copyOf(root.propertyNames()), body);
            assertTrue(error.has("param") && error.has("code"), body);
        } else {
            assertEquals("error", root.path("type").asString(), body);
        }
        String message = error.path("message").asString();
        for (String leak : List.of("Exception", "ccproxy.", "java.", "tools.jackson", "\tat ")) {
            assertFalse(body.contains(leak), body);
        }
        return message;
    }
}
