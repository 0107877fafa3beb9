package ccproxy.wire;

import java.util.HashMap;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/// Small objects of our own making, for floors that do not know the JSON library.
public final class JsonReader {
    private JsonReader() {}

    /// {@return name → `String`, `Boolean`, `Long` or `Double` of the object that the first
    /// `length` bytes hold; what is null or no such value is left out}
    ///
    /// @throws IllegalArgumentException when they hold no object
    public static Map<String, Object> flat(byte[] bytes, int length) {
        var values = new HashMap<String, Object>();
        try (JsonParser tokens = Json.parser(bytes, length)) {
            if (tokens.nextToken() != JsonToken.START_OBJECT) throw noObject();
            while (tokens.nextToken() == JsonToken.PROPERTY_NAME) {
                String name = tokens.currentName();
                read(name, tokens, values);
            }
            if (tokens.currentToken() != JsonToken.END_OBJECT) throw noObject();
        } catch (JacksonException e) {
            throw new IllegalArgumentException("expected a JSON object", e);
        }
        return values;
    }

    private static void read(String name, JsonParser tokens, Map<String, Object> values) {
        switch (tokens.nextToken()) {
            case VALUE_STRING -> values.put(name, tokens.getString());
            case VALUE_TRUE -> values.put(name, true);
            case VALUE_FALSE -> values.put(name, false);
            case VALUE_NUMBER_INT -> {
                if (isLong(tokens)) values.put(name, tokens.getLongValue());
            }
            case VALUE_NUMBER_FLOAT -> values.put(name, tokens.getDoubleValue());
            case null -> throw noObject();
            default -> tokens.skipChildren();
        }
    }

    private static boolean isLong(JsonParser tokens) {
        return tokens.getNumberType() != JsonParser.NumberType.BIG_INTEGER;
    }

    private static IllegalArgumentException noObject() {
        return new IllegalArgumentException("expected a JSON object");
    }
}
