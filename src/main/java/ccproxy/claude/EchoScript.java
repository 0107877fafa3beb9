package ccproxy.claude;

import ccproxy.wire.ApiException;
import ccproxy.wire.Field;
import ccproxy.wire.Json;
import ccproxy.wire.MessagesRequest;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// What the echo model answers, and when. A last user text `/echo {…}` writes it, with any of
/// these: `text`, `thinking`, `tool_use` (`[{"name","input","id"}]`), `stop_reason`, `usage`,
/// `delta_count` (text deltas; the words repeat or join to make them), `delta_delay_ms`,
/// `first_delay_ms`, `error` (`{"status","type","message"}`), `error_after`, `cut_after` (deltas).
///
/// @param blocks the content
/// @param start the `message` of `message_start`
/// @param end the `message_delta` event
/// @param firstDelayMillis before the first event
/// @param deltaDelayMillis before each delta
/// @param failure thrown before the first event, unless `errorAfter`; empty for none
/// @param errorAfter deltas before an error event, -1 for never
/// @param cutAfter deltas before the stream just ends, -1 for never; an answer with fewer deltas
///   breaks off at its end
record EchoScript(
        List<EchoBlock> blocks,
        ObjectNode start,
        ObjectNode end,
        long firstDelayMillis,
        long deltaDelayMillis,
        List<ApiException> failure,
        int errorAfter,
        int cutAfter) {
    static final String COMMAND = "/echo ";
    private static final int DELTAS_MAX = 1_000_000;
    private static final int DELAY_MILLIS_MAX = 600_000;
    private static final Set<String> KEYS =
            Set.of(
                    "text",
                    "thinking",
                    "tool_use",
                    "stop_reason",
                    "usage",
                    "delta_count",
                    "delta_delay_ms",
                    "first_delay_ms",
                    "error",
                    "error_after",
                    "cut_after");

    static EchoScript of(MessagesRequest request, int inputTokens) {
        String said = LastWords.of(request);
        if (said.startsWith(COMMAND)) return scripted(script(said), request, inputTokens);
        return echoed(said, request, inputTokens);
    }

    private static Field script(String said) {
        byte[] json = said.substring(COMMAND.length()).getBytes(StandardCharsets.UTF_8);
        ObjectNode script = Json.object("/echo", json);
        for (var field : script.properties()) {
            if (!KEYS.contains(field.getKey())) {
                Field wrong = new Field("/echo " + field.getKey(), field.getValue());
                throw wrong.invalid("expected one of " + new TreeSet<>(KEYS) + ", found this");
            }
        }
        return new Field("/echo", script);
    }

    /// What was said comes back, as far as `max_tokens` and the stop sequences let it; a forced
    /// tool is called with it, when it is a JSON object.
    private static EchoScript echoed(String said, MessagesRequest request, int inputTokens) {
        String forced = forcedTool(request.raw());
        if (!forced.isEmpty()) {
            return script(
                    List.of(
                            EchoBlock.toolUse(
                                    forced, jsonOrEmpty(said), EchoBlock.newId("toolu_"))),
                    "tool_use",
                    request,
                    inputTokens);
        }
        String text = said;
        String stopReason = "end_turn";
        String stopSequence = "";
        for (JsonNode stop : request.raw().path("stop_sequences")) {
            int at = text.indexOf(stop.asString(""));
            if (at < 0) continue;
            text = text.substring(0, at);
            stopReason = "stop_sequence";
            stopSequence = stop.asString("");
        }
        List<String> tokens = EchoBlock.tokens(text);
        if (tokens.size() > request.tokensMax()) {
            tokens = tokens.subList(0, request.tokensMax());
            stopReason = "max_tokens";
            stopSequence = "";
        }
        EchoScript script =
                script(List.of(EchoBlock.text(tokens)), stopReason, request, inputTokens);
        if (!stopSequence.isEmpty())
            ((ObjectNode) script.end.path("delta")).put("stop_sequence", stopSequence);
        return script;
    }

    private static String forcedTool(JsonNode request) {
        JsonNode choice = request.path("tool_choice");
        return switch (choice.path("type").asString("")) {
            case "tool" -> choice.path("name").asString("");
            case "any" -> request.path("tools").path(0).path("name").asString("");
            default -> "";
        };
    }

    private static ObjectNode jsonOrEmpty(String text) {
        try {
            return Json.objectOrEmpty(Json.tree(text));
        } catch (IllegalArgumentException _) {
            return Json.object();
        }
    }

    private static EchoScript scripted(Field script, MessagesRequest request, int inputTokens) {
        boolean hasCalls = script.get("tool_use").isPresent();
        String stopReason = script.get("stop_reason").text(hasCalls ? "tool_use" : "end_turn");
        EchoScript plain = script(blocks(script), stopReason, request, inputTokens);
        if (script.get("usage").isPresent()) plain.count(script.get("usage").object());
        int errorAfter = number(script.get("error_after"), DELTAS_MAX, -1);
        return new EchoScript(
                plain.blocks,
                plain.start,
                plain.end,
                number(script.get("first_delay_ms"), DELAY_MILLIS_MAX, 0),
                number(script.get("delta_delay_ms"), DELAY_MILLIS_MAX, 0),
                failure(script.get("error"), errorAfter >= 0),
                errorAfter,
                number(script.get("cut_after"), DELTAS_MAX, -1));
    }

    private static List<EchoBlock> blocks(Field script) {
        var blocks = new ArrayList<EchoBlock>();
        Field thinking = script.get("thinking");
        if (thinking.isPresent()) blocks.add(EchoBlock.thinking(thinking.text()));
        Field calls = script.get("tool_use");
        boolean hasText = script.get("text").isPresent() || script.get("delta_count").isPresent();
        if (hasText || !calls.isPresent()) blocks.add(EchoBlock.text(textTokens(script)));
        if (!calls.isPresent()) return blocks;
        for (Field call : calls.elements()) {
            Field input = call.get("input");
            blocks.add(
                    EchoBlock.toolUse(
                            call.get("name").nonEmptyText(),
                            input.isPresent() ? input.object() : Json.object(),
                            call.get("id").text(EchoBlock.newId("toolu_"))));
        }
        return blocks;
    }

    private static int number(Field field, int max, int other) {
        return field.isPresent() ? field.integer(0, max) : other;
    }

    private static List<ApiException> failure(Field error, boolean isNeeded) {
        if (error.isPresent()) error.object();
        else if (!isNeeded) return List.of();
        ObjectNode body = Json.object().put("type", "error");
        Field type = error.get("type");
        body.putObject("error")
                .put("type", type.text("overloaded_error"))
                .put("message", error.get("message").text("Overloaded"));
        Field status = error.get("status");
        body.put("request_id", EchoBlock.newId("req_"));
        return List.of(
                ApiException.upstream(
                        status.isPresent() ? status.integer(400, 599) : 529, Json.bytes(body)));
    }

    /// The words of the text, made to be as many as `delta_count` says.
    private static List<String> textTokens(Field script) {
        List<String> tokens = EchoBlock.tokens(script.get("text").text("echo "));
        Field count = script.get("delta_count");
        if (!count.isPresent()) return tokens;
        int wanted = count.integer(0, DELTAS_MAX);
        if (tokens.isEmpty()) tokens = List.of("echo ");
        var made = new ArrayList<String>(wanted);
        for (int i = 0; i < wanted; i++) {
            int from = (int) ((long) i * tokens.size() / wanted);
            int to = (int) ((long) (i + 1) * tokens.size() / wanted);
            made.add(
                    tokens.size() < wanted
                            ? tokens.get(i % tokens.size())
                            : String.join("", tokens.subList(from, to)));
        }
        return made;
    }

    private static EchoScript script(
            List<EchoBlock> blocks, String stopReason, MessagesRequest request, int inputTokens) {
        ObjectNode start =
                Json.object()
                        .put("id", EchoBlock.newId("msg_"))
                        .put("type", "message")
                        .put("role", "assistant");
        start.put("model", request.model()).putArray("content");
        start.putNull("stop_reason").putNull("stop_sequence").putNull("stop_details");
        start.putNull("container").putNull("diagnostics");
        ObjectNode usage = start.putObject("usage").put("input_tokens", inputTokens);
        usage.put("cache_creation_input_tokens", 0)
                .put("cache_read_input_tokens", 0)
                .put("output_tokens", 1);
        usage.put("service_tier", "standard").put("speed", "standard");
        usage.putObject("output_tokens_details").put("thinking_tokens", 0);

        int thoughts = words(blocks, "thinking");
        int words = words(blocks, "text") + thoughts;
        ObjectNode end = Json.object().put("type", "message_delta");
        end.putObject("delta").put("stop_reason", stopReason).putNull("stop_sequence");
        ObjectNode counts = end.putObject("usage").put("output_tokens", Math.max(1, words));
        counts.putObject("output_tokens_details").put("thinking_tokens", thoughts);
        return new EchoScript(blocks, start, end, 0, 0, List.of(), -1, -1);
    }

    private static int words(List<EchoBlock> blocks, String type) {
        return blocks.stream().filter(b -> b.type().equals(type)).mapToInt(EchoBlock::words).sum();
    }

    /// The script's own counts.
    private void count(ObjectNode counts) {
        ((ObjectNode) start.path("usage")).setAll(counts);
        ((ObjectNode) end.path("usage")).setAll(counts);
    }
}
