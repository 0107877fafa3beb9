package ccproxy.claude;

import ccproxy.wire.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import tools.jackson.databind.node.ObjectNode;

/// Data that ships beside the classes.
final class ShippedData {
    private ShippedData() {}

    /// {@return the JSON object of a file such as `models.json`}
    static ObjectNode of(String name) {
        try (InputStream in = ShippedData.class.getResourceAsStream(name)) {
            return Json.object(name, in.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
