import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// A ccproxy to be measured: a jar or a jlink image, and the flags of its JVM. The label, which may
/// be empty, tells it from others in the same run.
record Build(String label, Path jar, Path image, String javaFlags) {

    Build withFlags(String flags) {
        return new Build(label, jar, image, flags);
    }

    /// The program and what comes before its own arguments.
    List<String> command() {
        if (image != null) return List.of(image.resolve("bin/ccproxy").toString());
        List<String> command = new ArrayList<>();
        command.add(System.getProperty("java.home") + "/bin/java");
        command.addAll(flags());
        command.addAll(List.of("-jar", jar.toString()));
        return command;
    }

    private List<String> flags() {
        return Stream.of(javaFlags.split(" ")).filter(flag -> !flag.isEmpty()).toList();
    }

    /// `base`, with this label: the name of a system.
    String nameOf(String base) {
        return label.isEmpty() ? base : base + ":" + label;
    }
}
