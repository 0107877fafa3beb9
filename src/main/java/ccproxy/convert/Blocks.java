package ccproxy.convert;

import ccproxy.wire.Json;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// What of an answer's content blocks has no part in its text or calls: citations, and what the
/// server's own tools did. For one answer.
final class Blocks {
    private final ArrayNode serverTools = Json.array();
    private final ArrayNode citations = Json.array();
    private final Warnings warnings;

    Blocks(Warnings warnings) {
        this.warnings = warnings;
    }

    /// Takes a whole block that is no text, no thinking and no call of the client's tools.
    void add(int index, JsonNode block) {
        String type = block.path("type").asString("");
        if (isServerTool(type)) serverTools.add(block);
        else warnings.note("content[" + index + "]", "ignored(" + type + ")");
    }

    private static boolean isServerTool(String type) {
        // What the Claude Code CLI did by itself (sdk.message_mode forward) is the server's doing
        // too.
        return type.endsWith("_sdk")
                || type.equals("server_tool_use")
                || type.equals("mcp_tool_use")
                || type.endsWith("_tool_result");
    }

    /// {@return the `annotations` for a text block's citations, which span `start`..`end` of the
    /// content, in code points; those without a URL are kept aside}
    ArrayNode annotations(JsonNode cited, int start, int end) {
        ArrayNode annotations = Json.array();
        for (JsonNode citation : cited) {
            String url = citation.path("url").asString(citation.path("source").asString(""));
            if (!url.startsWith("http://") && !url.startsWith("https://")) {
                citations.add(citation);
                continue;
            }
            ObjectNode annotation = annotations.addObject().put("type", "url_citation");
            annotation
                    .putObject("url_citation")
                    .put("start_index", start)
                    .put("end_index", end)
                    .put("url", url)
                    .put("title", citation.path("title").asString(""));
        }
        return annotations;
    }

    ArrayNode serverTools() {
        return serverTools;
    }

    ArrayNode citations() {
        return citations;
    }
}
