package ccproxy.convert;

import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// Keeps a request at the four `cache_control` marks that the API allows: those of the tools and
/// the system text first, then the last ones of the messages.
final class CacheMarks {
    private static final String MARK = "cache_control";
    private static final int MARKS_MAX = 4;

    private CacheMarks() {}

    /// Makes the marks without a life of their own live for an hour, the most the API has.
    static void extend(ObjectNode body) {
        List<ObjectNode> all = marked(body.path("tools"));
        all.addAll(marked(body.path("system")));
        for (JsonNode message : body.path("messages")) all.addAll(marked(message.path("content")));
        for (ObjectNode node : all) {
            ObjectNode mark = ((ObjectNode) node.path(MARK)).deepCopy();
            if (!mark.has("ttl")) mark.put("ttl", "1h");
            node.set(MARK, mark);
        }
    }

    /// Drops the marks that are too many.
    static void limit(ObjectNode body, Warnings warnings) {
        int left = body.has(MARK) ? MARKS_MAX - 1 : MARKS_MAX;
        List<ObjectNode> head = marked(body.path("tools"));
        head.addAll(marked(body.path("system")));
        var turns = new ArrayList<ObjectNode>();
        for (JsonNode message : body.path("messages"))
            turns.addAll(marked(message.path("content")));
        int dropped = drop(head, left) + drop(turns, Math.max(0, left - head.size()));
        if (dropped > 0) warnings.add(MARK, "dropped(" + dropped + ")");
    }

    /// Drops all but the last `kept` marks.
    private static int drop(List<ObjectNode> marked, int kept) {
        int dropped = Math.max(0, marked.size() - kept);
        for (ObjectNode node : marked.subList(0, dropped)) node.remove(MARK);
        return dropped;
    }

    private static List<ObjectNode> marked(JsonNode blocks) {
        var marked = new ArrayList<ObjectNode>();
        for (JsonNode block : blocks) {
            if (block instanceof ObjectNode object && object.path(MARK).isObject())
                marked.add(object);
            JsonNode nested = block.path("content");
            if (nested.isArray()) marked.addAll(marked(nested));
        }
        return marked;
    }
}
