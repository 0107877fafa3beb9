package ccproxy.claude;

import ccproxy.wire.Json;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import java.util.function.IntFunction;
import java.util.regex.Pattern;
import tools.jackson.databind.node.ObjectNode;

/// A content block that the echo model says.
///
/// @param start how it begins
/// @param deltas how many there are
/// @param delta makes each
record EchoBlock(ObjectNode start, int deltas, IntFunction<ObjectNode> delta) {
    private static final Pattern TOKEN = Pattern.compile("\\S+\\s*|\\s+");

    /// Characters of a tool's input in one delta.
    private static final int PIECE = 8;

    /// {@return the words of a text with the white space behind them}
    static List<String> tokens(String text) {
        return TOKEN.matcher(text).results().map(r -> r.group()).toList();
    }

    /// {@return an id as the API makes them}
    static String newId(String prefix) {
        return prefix + "01" + UUID.randomUUID().toString().replace("-", "").substring(0, 22);
    }

    String type() {
        return start.path("type").asString("");
    }

    /// {@return how many words it says; a thought ends with its signature, which is none}
    int words() {
        return type().equals("thinking") ? deltas - 1 : deltas;
    }

    static EchoBlock text(List<String> tokens) {
        return new EchoBlock(
                Json.object().put("type", "text").put("text", ""),
                tokens.size(),
                i -> Json.object().put("type", "text_delta").put("text", tokens.get(i)));
    }

    static EchoBlock thinking(String thought) {
        List<String> tokens = tokens(thought);
        byte[] seal = ("echo:" + thought.hashCode()).getBytes(StandardCharsets.US_ASCII);
        String signature = Base64.getEncoder().encodeToString(seal);
        return new EchoBlock(
                Json.object().put("type", "thinking").put("thinking", "").put("signature", ""),
                tokens.size() + 1,
                i -> i < tokens.size() ? thought(tokens.get(i)) : signature(signature));
    }

    private static ObjectNode thought(String text) {
        return Json.object().put("type", "thinking_delta").put("thinking", text);
    }

    private static ObjectNode signature(String signature) {
        return Json.object().put("type", "signature_delta").put("signature", signature);
    }

    static EchoBlock toolUse(String name, ObjectNode input, String id) {
        String json = input.isEmpty() ? "" : Json.text(input);
        ObjectNode start = Json.object().put("type", "tool_use").put("id", id).put("name", name);
        start.putObject("input");
        return new EchoBlock(
                start,
                (json.length() + PIECE - 1) / PIECE,
                i -> inputJson(json, i * PIECE, Math.min(json.length(), (i + 1) * PIECE)));
    }

    private static ObjectNode inputJson(String json, int from, int to) {
        return Json.object()
                .put("type", "input_json_delta")
                .put("partial_json", json.substring(from, to));
    }
}
