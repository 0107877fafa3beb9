package ccproxy.convert;

import ccproxy.wire.Json;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// A content block of a stream between its start and its stop.
final class OpenBlock {
    /// As it was at its start; not ours to change.
    final ObjectNode block;

    final String type;

    /// The thinking or the input as far as it came; collected only where it is told at the end.
    final StringBuilder text = new StringBuilder();

    final ArrayNode citations = Json.array();
    String signature;

    /// Which of the answer's calls this is, from 0; -1 for none.
    int call = -1;

    /// Where in the answer's text it begins, in code points.
    int start;

    boolean hasInput;
    boolean isAnswer;
    boolean isCustom;

    OpenBlock(ObjectNode block) {
        this.block = block;
        this.type = block.path("type").asString("");
        this.signature = block.path("signature").asString("");
    }

    /// {@return the block with the thinking or the input that came in pieces}
    ObjectNode whole() {
        ObjectNode whole = block.deepCopy();
        if (type.equals("thinking")) {
            whole.put("thinking", text.toString()).put("signature", signature);
        } else if (hasInput) {
            whole.set("input", input());
        }
        return whole;
    }

    /// {@return the input, an empty object when it was cut short}
    JsonNode input() {
        try {
            return Json.tree(text.toString());
        } catch (IllegalArgumentException _) {
            return Json.object();
        }
    }
}
