package ccproxy.convert;

import ccproxy.wire.Json;
import java.util.List;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Thinking blocks as Chat Completions clients carry them: `reasoning_details`, one entry a block,
/// `{"type":"thinking","index","text","signature"}` or `{"type":"redacted","index","data"}`, where
/// `index` is the block's place in its answer. Only signed thinking can be sent back.
final class Reasoning {
    /// ccproxy's tag form: the signature travels as an attribute.
    private static final String OPEN = "<thinking signature=\"";

    private static final String CLOSE = "</thinking>";

    private Reasoning() {}

    /// {@return the entry for a thinking block at `index`; empty for other blocks}
    static List<ObjectNode> entry(int index, JsonNode block) {
        return switch (block.path("type").asString("")) {
            case "thinking" ->
                    List.of(
                            Json.object()
                                    .put("type", "thinking")
                                    .put("index", index)
                                    .put("text", block.path("thinking").asString(""))
                                    .put("signature", block.path("signature").asString("")));
            case "redacted_thinking" ->
                    List.of(
                            Json.object()
                                    .put("type", "redacted")
                                    .put("index", index)
                                    .put("data", block.path("data").asString("")));
            default -> List.of();
        };
    }

    /// {@return the thinking of a block in the tag form}
    static String tagged(JsonNode block) {
        String signature = block.path("signature").asString("");
        return "<thinking signature=\""
                + signature
                + "\">"
                + block.path("thinking").asString("")
                + "</thinking>\n";
    }

    /// {@return the thinking blocks that a client's assistant message brings back, by their place;
    /// those without a place come first, in order}
    static TreeMap<Integer, ObjectNode> replayed(JsonNode message) {
        var blocks = new TreeMap<Integer, ObjectNode>();
        JsonNode details = message.path("reasoning_details");
        JsonNode source =
                details.isArray() && !details.isEmpty() ? details : message.path("thinking_blocks");
        for (JsonNode entry : source) {
            ObjectNode block = block(entry, message);
            if (!block.isEmpty()) put(blocks, entry.path("index").asInt(-1), block);
        }
        return blocks;
    }

    private static void put(TreeMap<Integer, ObjectNode> blocks, int index, ObjectNode block) {
        int place = index;
        if (place < 0 || blocks.containsKey(place))
            place = blocks.isEmpty() ? 0 : blocks.lastKey() + 1;
        blocks.put(place, block);
    }

    /// Empty when the entry cannot be sent back: no signature, no data.
    private static ObjectNode block(JsonNode entry, JsonNode message) {
        String data = entry.path("data").asString("");
        if (!data.isEmpty())
            return Json.object().put("type", "redacted_thinking").put("data", data);
        String signature = entry.path("signature").asString("");
        if (signature.isEmpty()) return Json.object();
        String text = entry.path("thinking").asString(entry.path("text").asString(""));
        if (!entry.has("thinking") && !entry.has("text"))
            text = message.path("reasoning_content").asString("");
        return Json.object()
                .put("type", "thinking")
                .put("thinking", text)
                .put("signature", signature);
    }

    /// Takes tagged thinking out of an assistant message's texts.
    ///
    /// @param texts the message's text blocks, changed in place
    /// @return the blocks that stood there
    static TreeMap<Integer, ObjectNode> taken(ArrayNode texts) {
        var blocks = new TreeMap<Integer, ObjectNode>();
        for (int i = 0; i < texts.size(); i++) {
            ObjectNode block = (ObjectNode) texts.get(i);
            String text = block.path("text").asString("");
            if (!text.contains(OPEN)) continue;
            String rest = taken(text, blocks);
            if (rest.isEmpty()) texts.remove(i--);
            else block.put("text", rest);
        }
        return blocks;
    }

    /// Once through the text, whatever it holds.
    private static String taken(String text, TreeMap<Integer, ObjectNode> blocks) {
        var rest = new StringBuilder();
        int from = 0;
        for (int open = text.indexOf(OPEN); open >= 0; open = text.indexOf(OPEN, from)) {
            int quote = text.indexOf('"', open + OPEN.length());
            if (quote < 0) break;
            if (!text.startsWith("\">", quote)) {
                rest.append(text, from, quote);
                from = quote;
                continue;
            }
            int close = text.indexOf(CLOSE, quote);
            if (close < 0) break;
            String signature = text.substring(open + OPEN.length(), quote);
            ObjectNode block = Json.object().put("type", "thinking");
            block.put("thinking", text.substring(quote + 2, close)).put("signature", signature);
            if (!signature.isEmpty()) put(blocks, -1, block);
            rest.append(text, from, open);
            from = close + CLOSE.length();
            if (text.startsWith("\n", from)) from++;
        }
        return rest.append(text, from, text.length()).toString();
    }

    /// {@return the content of an assistant turn: thinking at its places, `rest` around it in
    /// order}
    static ArrayNode woven(TreeMap<Integer, ObjectNode> thinking, ArrayNode rest) {
        ArrayNode content = Json.array();
        int taken = 0;
        for (var entry : thinking.entrySet()) {
            // No answer ends in thinking: what a client cannot bring back (server tools, several
            // texts) makes places too high, and the last call or text must stay behind.
            while (content.size() < entry.getKey() && taken < rest.size() - 1)
                content.add(rest.get(taken++));
            content.add(entry.getValue());
        }
        while (taken < rest.size()) content.add(rest.get(taken++));
        return content;
    }
}
