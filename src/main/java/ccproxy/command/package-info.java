/// The program: arguments, configuration, subcommands. The one place that knows every floor's
/// settings, that reads the environment, and that ends the process.
package ccproxy.command;
