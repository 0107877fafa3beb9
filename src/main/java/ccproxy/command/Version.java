package ccproxy.command;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/// This program's version. A resource, filled in by the build: a manifest would be missing from a
/// run-time image and from the classes that tests use.
final class Version {
    private Version() {}

    /// {@return such as `0.1.0`}
    static String text() {
        try (InputStream in = Version.class.getResourceAsStream("version.txt")) {
            return new String(
                            Objects.requireNonNull(in, "version.txt").readAllBytes(),
                            StandardCharsets.UTF_8)
                    .strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
