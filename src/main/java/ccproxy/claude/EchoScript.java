package ccproxy.claude;

import ccproxy.wire.ApiException;
import ccproxy.wire.Field;
import ccproxy.wire.Json;
import ccproxy.wire.MessagesRequest;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.IntFunction;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
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
/// @param cutAfter deltas before the stream just ends, -1 for never
record EchoScript(
        List<EchoBlock> blocks,
        ObjectNode start,
        ObjectNode end,
        long firstDelayMillis,
        long deltaDelayMillis,
        List<ApiException> failure,
        int errorAfter,
        int cutAfter) {
    private static final String COMMAND = "/echo ";
    private static final Pattern TOKEN = Pattern.compile("\\S+\\s*|\\s+");
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

    /// A content block: how it begins and its deltas.
    record EchoBlock(ObjectNode start, int deltas, IntFunction<ObjectNode> delta) {}

    /// {@return the words of a text with the white space behind them}
    static List<String> tokens(String text) {
        return TOKEN.matcher(text).results().map(r -> r.group()).toList();
    }

    static EchoScript of(MessagesRequest request, int inputTokens) {
        String said = said(request);
        if (said.startsWith(COMMAND)) return scripted(script(said), request, inputTokens);
        return echoed(said, request, inputTokens);
    }

    private static Field script(String said) {
        byte[] json = said.substring(COMMAND.length()).getBytes(StandardCharsets.UTF_8);
        ObjectNode script = Json.object("/echo", json);
        for (var field : script.properties()) {
            if (!KEYS.contains(field.getKey())) {
                Field wrong = new Field("/echo " + field.getKey(), field.getValue());
                throw wrong.invalid(
                        "expected one of " + new java.util.TreeSet<>(KEYS) + ", found this");
            }
        }
        return new Field("/echo", script);
    }

    /// The texts of the last message; what is no text is named.
    private static String said(MessagesRequest request) {
        ArrayNode messages = request.messages();
        JsonNode content = messages.get(messages.size() - 1).path("content");
        if (content.isString()) return content.stringValue();
        var said = new ArrayList<String>();
        for (JsonNode block : content) {
            switch (block.path("type").asString("")) {
                case "text" -> said.add(block.path("text").asString(""));
                case "tool_result" -> said.add(result(block.path("content")));
                default -> said.add("[" + block.path("type").asString("") + "]");
            }
        }
        // A script is the last text, whatever results and pictures come before it.
        String last = said.isEmpty() ? "" : said.getLast();
        return last.startsWith(COMMAND) ? last : String.join("\n", said);
    }

    private static String result(JsonNode content) {
        if (content.isString()) return content.stringValue();
        var texts = new ArrayList<String>();
        for (JsonNode block : content)
            texts.add(block.path("text").asString("[" + block.path("type").asString("") + "]"));
        return String.join("\n", texts);
    }

    /// What was said comes back, as far as `max_tokens` and the stop sequences let it; a forced
    /// tool is called with it, when it is a JSON object.
    private static EchoScript echoed(String said, MessagesRequest request, int inputTokens) {
        String forced = forcedTool(request.raw());
        if (!forced.isEmpty()) {
            return script(
                    List.of(toolUse(forced, jsonOrEmpty(said), newId("toolu_"))),
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
        List<String> tokens = tokens(text);
        if (tokens.size() > request.tokensMax()) {
            tokens = tokens.subList(0, request.tokensMax());
            stopReason = "max_tokens";
            stopSequence = "";
        }
        EchoScript script = script(List.of(text(tokens)), stopReason, request, inputTokens);
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
        var blocks = new ArrayList<EchoBlock>();
        Field thinking = script.get("thinking");
        if (thinking.isPresent()) blocks.add(thinking(thinking.text()));
        Field calls = script.get("tool_use");
        Field text = script.get("text");
        boolean hasText = text.isPresent() || script.get("delta_count").isPresent();
        if (hasText || !calls.isPresent()) blocks.add(text(textTokens(script)));
        if (calls.isPresent()) {
            for (Field call : calls.elements()) {
                Field input = call.get("input");
                ObjectNode given = input.isPresent() ? input.object() : Json.object();
                blocks.add(
                        toolUse(
                                call.get("name").nonEmptyText(),
                                given,
                                call.get("id").text(newId("toolu_"))));
            }
        }
        String stopReason =
                script.get("stop_reason").text(calls.isPresent() ? "tool_use" : "end_turn");
        EchoScript plain = script(blocks, stopReason, request, inputTokens);
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

    private static int number(Field field, int max, int other) {
        return field.isPresent() ? field.integer(0, max) : other;
    }

    private static List<ApiException> failure(Field error, boolean isNeeded) {
        if (!error.isPresent() && !isNeeded) return List.of();
        ObjectNode body = Json.object().put("type", "error");
        Field type = error.get("type");
        body.putObject("error")
                .put("type", type.text("overloaded_error"))
                .put("message", error.get("message").text("Overloaded"));
        int status = number(error.get("status"), 599, 529);
        body.put("request_id", newId("req_"));
        return List.of(ApiException.upstream(status, Json.bytes(body)));
    }

    /// The words of the text, made to be as many as `delta_count` says.
    private static List<String> textTokens(Field script) {
        List<String> tokens = tokens(script.get("text").text("echo "));
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
                        .put("id", newId("msg_"))
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

        int words =
                blocks.stream()
                        .filter(b -> b.start.path("type").asString().equals("text"))
                        .mapToInt(EchoBlock::deltas)
                        .sum();
        ObjectNode end = Json.object().put("type", "message_delta");
        end.putObject("delta").put("stop_reason", stopReason).putNull("stop_sequence");
        end.putObject("usage").put("output_tokens", Math.max(1, words));
        return new EchoScript(blocks, start, end, 0, 0, List.of(), -1, -1);
    }

    /// The script's own counts.
    private void count(ObjectNode counts) {
        ((ObjectNode) start.path("usage")).setAll(counts);
        ((ObjectNode) end.path("usage")).setAll(counts);
    }

    private static EchoBlock text(List<String> tokens) {
        return new EchoBlock(
                Json.object().put("type", "text").put("text", ""),
                tokens.size(),
                i -> Json.object().put("type", "text_delta").put("text", tokens.get(i)));
    }

    private static EchoBlock thinking(String thought) {
        List<String> tokens = tokens(thought);
        String signature =
                Base64.getEncoder()
                        .encodeToString(
                                ("echo:" + thought.hashCode()).getBytes(StandardCharsets.US_ASCII));
        return new EchoBlock(
                Json.object().put("type", "thinking").put("thinking", "").put("signature", ""),
                tokens.size() + 1,
                i ->
                        i < tokens.size()
                                ? Json.object()
                                        .put("type", "thinking_delta")
                                        .put("thinking", tokens.get(i))
                                : Json.object()
                                        .put("type", "signature_delta")
                                        .put("signature", signature));
    }

    private static EchoBlock toolUse(String name, ObjectNode input, String id) {
        String json = input.isEmpty() ? "" : Json.text(input);
        int pieces = (json.length() + 7) / 8;
        ObjectNode start = Json.object().put("type", "tool_use").put("id", id).put("name", name);
        start.putObject("input");
        return new EchoBlock(
                start,
                pieces,
                i ->
                        Json.object()
                                .put("type", "input_json_delta")
                                .put(
                                        "partial_json",
                                        json.substring(
                                                i * 8, Math.min(json.length(), (i + 1) * 8))));
    }

    private static String newId(String prefix) {
        return prefix + "01" + UUID.randomUUID().toString().replace("-", "").substring(0, 22);
    }
}
