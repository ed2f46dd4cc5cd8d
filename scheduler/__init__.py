"""What happens by itself: the timetable, and the loop that fires timers and sweeps."""
