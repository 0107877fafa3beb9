package ccproxy.wire;

import java.util.Collection;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Our own small answers as JSON, for floors that do not know the JSON library.
public final class JsonWriter {
    private JsonWriter() {}

    /// {@return the JSON of maps, collections, texts, numbers, truth values and null}
    ///
    /// @throws IllegalArgumentException for anything else
    public static byte[] bytes(Map<String, ?> object) {
        return Json.bytes(object(object));
    }

    private static ObjectNode object(Map<?, ?> map) {
        ObjectNode object = Json.object();
        map.forEach((name, value) -> object.set((String) name, node(value)));
        return object;
    }

    private static JsonNode node(Object value) {
        ObjectNode factory = Json.object();
        return switch (value) {
            case null -> factory.nullNode();
            case String text -> factory.stringNode(text);
            case Boolean flag -> factory.booleanNode(flag);
            case Integer number -> factory.numberNode(number);
            case Long number -> factory.numberNode(number);
            case Double number -> factory.numberNode(number);
            case Map<?, ?> map -> object(map);
            case Collection<?> list -> {
                ArrayNode array = Json.array();
                for (Object item : list) array.add(node(item));
                yield array;
            }
            default -> throw new IllegalArgumentException("no JSON for " + value.getClass());
        };
    }
}
