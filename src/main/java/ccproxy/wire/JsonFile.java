package ccproxy.wire;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonReadFeature;

/// A settings file: one JSON object, with `//` and `/* */` comments and trailing commas allowed,
/// read flat: `{"api": {"key": "a"}}` and `{"api.key": "a"}` are the same.
public final class JsonFile {
    private static final JsonFactory JSON =
            JsonFactory.builder()
                    .enable(JsonReadFeature.ALLOW_JAVA_COMMENTS)
                    .enable(JsonReadFeature.ALLOW_TRAILING_COMMA)
                    .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
                    .build();

    private final JsonParser parser;
    private final Set<String> maps;
    private final Map<String, Object> values = new LinkedHashMap<>();

    private JsonFile(JsonParser parser, Set<String> maps) {
        this.parser = parser;
        this.maps = maps;
    }

    /// {@return dotted key → `String`, `Boolean`, `Number`, or for a key in `maps` that holds an
    /// object, its `Map<String, String>`; all in the file's order}
    ///
    /// @throws IllegalArgumentException if `text` is not such an object, has a key twice, a null or
    ///   an array; the message starts with `line L, column C: `
    public static Map<String, Object> read(String text, Set<String> maps) {
        try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), text)) {
            return new JsonFile(parser, maps).read();
        } catch (JacksonException e) {
            String what = e.getOriginalMessage().lines().findFirst().orElse("not JSON");
            // It quotes what it found, which may be a key whose quotes were forgotten.
            what = what.replaceFirst("'[^']{2,}':", "'…':");
            var place = e.getLocation() == null ? TokenStreamLocation.NA : e.getLocation();
            throw new IllegalArgumentException(at(place) + what, e);
        }
    }

    private Map<String, Object> read() {
        if (parser.nextToken() != JsonToken.START_OBJECT) throw wrong("expected an object");
        object("");
        if (parser.nextToken() != null) throw wrong("expected nothing after the object");
        return values;
    }

    /// Reads the members of an object whose own key is `prefix` without its last dot.
    private void object(String prefix) {
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
            String key = prefix + parser.currentName();
            TokenStreamLocation place = parser.currentTokenLocation();
            JsonToken token = parser.nextToken();
            if (token == JsonToken.START_OBJECT && !maps.contains(key)) {
                object(key + ".");
                continue;
            }
            if (values.containsKey(key)) {
                throw wrong(place, key + ": this key is there already");
            }
            values.put(key, token == JsonToken.START_OBJECT ? map(key) : value(key, token));
        }
    }

    private Map<String, String> map(String key) {
        var map = new LinkedHashMap<String, String>();
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
            String name = parser.currentName();
            if (parser.nextToken() != JsonToken.VALUE_STRING) {
                throw wrong(key + ": expected a string for '" + name + "'");
            }
            if (map.putIfAbsent(name, parser.getString()) != null) {
                throw wrong(key + ": '" + name + "' is there already");
            }
        }
        return map;
    }

    private Object value(String key, JsonToken token) {
        return switch (token) {
            case VALUE_STRING -> parser.getString();
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> parser.getNumberValue();
            default -> {
                String found = token == JsonToken.VALUE_NULL ? "null" : "an array";
                throw wrong(key + ": expected a string, a number, true or false, found " + found);
            }
        };
    }

    private IllegalArgumentException wrong(String message) {
        return wrong(parser.currentTokenLocation(), message);
    }

    private static IllegalArgumentException wrong(TokenStreamLocation place, String message) {
        return new IllegalArgumentException(at(place) + message);
    }

    private static String at(TokenStreamLocation place) {
        // The parser does not always know, and says so with numbers below one.
        int line = Math.max(1, place.getLineNr());
        int column = Math.max(1, place.getColumnNr());
        return "line " + line + ", column " + column + ": ";
    }
}
