package ccproxy.claude;

import ccproxy.wire.MessagesRequest;
import java.util.ArrayList;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;

/// What the last message of a request says.
final class LastWords {
    private LastWords() {}

    /// {@return the texts of the last message, its last one alone when that is a script}; what is
    /// no text is named
    static String of(MessagesRequest request) {
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
        return last.startsWith(EchoScript.COMMAND) ? last : String.join("\n", said);
    }

    private static String result(JsonNode content) {
        if (content.isString()) return content.stringValue();
        var texts = new ArrayList<String>();
        for (JsonNode block : content)
            texts.add(block.path("text").asString("[" + block.path("type").asString("") + "]"));
        return String.join("\n", texts);
    }
}
