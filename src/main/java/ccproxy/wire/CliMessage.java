package ccproxy.wire;

import java.util.Arrays;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// A line that `claude --output-format stream-json` writes, read as far as we branch on it. Lines
/// of kinds that we do not know, and lines that are no JSON, are `Other` and never an error: each
/// release adds some.
public sealed interface CliMessage {
    /// An event of the model's own answer, as Anthropic sent it.
    ///
    /// @param isAbandoned whether it ends an answer that is void (`abandoned_blocks`)
    record Event(SseEvent event, boolean isAbandoned) implements CliMessage {}

    /// One content block of an answer, whole; `message.content` holds just this one.
    ///
    /// @param isSynthetic whether the CLI made it up (`<synthetic>`): an error, most of the time
    /// @param error the CLI's word for that error, or `""`
    record Assistant(ObjectNode message, boolean isSynthetic, String error) implements CliMessage {}

    /// What the CLI says in the user's place: results of its own tools, and its own nudges.
    record User(ObjectNode message) implements CliMessage {}

    /// The end of a turn, and the only one.
    record Result(ObjectNode raw) implements CliMessage {}

    /// The CLI's doings: `init`, `status`, `api_retry`…
    record SystemLine(String subtype, ObjectNode raw) implements CliMessage {}

    /// What is known of the login's limits: `{"status","resetsAt",…}`.
    record RateLimit(ObjectNode info) implements CliMessage {}

    /// The answer to a control request of ours.
    ///
    /// @param error `""` when it succeeded
    record Reply(String requestId, String error, JsonNode response) implements CliMessage {}

    /// A control request to us.
    record Request(String requestId, String subtype, ObjectNode request) implements CliMessage {}

    /// Anything else, with its `type`.
    record Other(String type) implements CliMessage {}

    /// {@return the message in the first `length` bytes of `line`}
    static CliMessage of(byte[] line, int length) {
        try {
            CliMessage event = event(line, length);
            if (event != null) return event;
            return Json.tree(line, 0, length) instanceof ObjectNode raw ? of(raw) : noJson();
        } catch (JacksonException | IllegalArgumentException _) {
            return noJson();
        }
    }

    private static Other noJson() {
        return new Other("no JSON");
    }

    /// Most lines by far are events. Their bytes are cut out of the line unread: who needs them
    /// reads them. The order of a line's fields is not fixed, so all are passed.
    private static CliMessage event(byte[] line, int length) {
        String type = "";
        String name = "";
        int from = 0;
        int to = 0;
        boolean isSubagent = false;
        boolean isAbandoned = false;
        try (JsonParser parser = Json.parser(line, length)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) return noJson();
            while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
                String field = parser.currentName();
                JsonToken value = parser.nextToken();
                switch (field) {
                    case "type" -> {
                        type = parser.getString();
                        if (!type.equals("stream_event")) return null;
                    }
                    case "event" -> {
                        from = (int) parser.currentTokenLocation().getByteOffset();
                        name = typeOf(parser);
                        to = (int) parser.currentLocation().getByteOffset();
                    }
                    case "parent_tool_use_id" -> isSubagent = value != JsonToken.VALUE_NULL;
                    case "abandoned_blocks" -> {
                        isAbandoned = value == JsonToken.START_OBJECT;
                        parser.skipChildren();
                    }
                    default -> parser.skipChildren();
                }
            }
        }
        if (!type.equals("stream_event")) return null;
        if (isSubagent || name.isEmpty()) return new Other("stream_event");
        byte[] json = Arrays.copyOfRange(line, from, to);
        return new Event(SseEvent.of(name, json), isAbandoned);
    }

    /// The `type` of the object that begins here; leaves the parser at its end.
    private static String typeOf(JsonParser parser) {
        String type = "";
        if (parser.currentToken() != JsonToken.START_OBJECT) return type;
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
            boolean isType = parser.currentName().equals("type");
            if (parser.nextToken() == JsonToken.VALUE_STRING && isType) type = parser.getString();
            parser.skipChildren();
        }
        return type;
    }

    private static CliMessage of(ObjectNode raw) {
        String type = raw.path("type").asString("");
        if (raw.path("parent_tool_use_id").isString()) return new Other(type);
        return switch (type) {
            case "assistant" -> assistant(raw);
            case "user" -> new User(Json.objectOrEmpty(raw.path("message")));
            case "result" -> new Result(raw);
            case "system" -> new SystemLine(raw.path("subtype").asString(""), raw);
            case "rate_limit_event" ->
                    new RateLimit(Json.objectOrEmpty(raw.path("rate_limit_info")));
            case "control_response" -> reply(raw.path("response"));
            case "control_request" -> {
                ObjectNode request = Json.objectOrEmpty(raw.path("request"));
                String id = raw.path("request_id").asString("");
                yield new Request(id, request.path("subtype").asString(""), request);
            }
            default -> new Other(type);
        };
    }

    private static Assistant assistant(ObjectNode raw) {
        ObjectNode message = Json.objectOrEmpty(raw.path("message"));
        boolean isSynthetic =
                message.path("model").asString("").equals("<synthetic>")
                        || raw.path("is_api_error_message").asBoolean(false);
        return new Assistant(message, isSynthetic, raw.path("error").asString(""));
    }

    private static Reply reply(JsonNode response) {
        boolean isError = response.path("subtype").asString("").equals("error");
        String error = isError ? response.path("error").asString("no reason given") : "";
        return new Reply(
                response.path("request_id").asString(""), error, response.path("response"));
    }
}
