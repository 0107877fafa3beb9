package ccproxy.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JsonWriterTest {
    @Test
    void plainValuesAreWritten() {
        var object = new LinkedHashMap<String, Object>();
        object.put("text", "北\"");
        object.put("flag", true);
        object.put("int", 1);
        object.put("long", 1L << 40);
        object.put("nothing", null);
        object.put("list", List.of(Map.of("a", List.of()), "b"));
        assertEquals(
                "{\"text\":\"北\\\"\",\"flag\":true,\"int\":1,\"long\":1099511627776,\"nothing\":null,\"list\":[{\"a\":[]},\"b\"]}",
                new String(JsonWriter.bytes(object), StandardCharsets.UTF_8));
    }

    @Test
    void otherValuesAreAProgrammersError() {
        Map<String, Object> odd = Map.of("a", new StringBuilder());
        assertThrows(IllegalArgumentException.class, () -> JsonWriter.bytes(odd));
    }
}
