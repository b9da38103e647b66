package balancer

import "time"

// rampSteps is into how many steps a growing weight is divided at most: each is a
// change of the kernel's table.
const rampSteps = 20

// grow is the weight of a member that serves, and when it began to grow. A server
// that was taken out returns with the least weight and reaches its full one after
// slow_start, so that an empty cache or a cold runtime is not overrun.
func (s *stepper) grow(i int, w wish) (weight int, began time.Time) {
	full := w.weight
	was := s.had(i)
	began = was.ramp
	if was.out {
		began = s.now
	}
	if s.SlowStart <= 0 || s.service.members[i].sorry || w.action != serve || w.guarded || began.IsZero() {
		return full, time.Time{}
	}
	steps := min(full, rampSteps)
	pace := s.SlowStart / time.Duration(max(steps, 1))
	step := int(s.now.Sub(began) / pace)
	if step >= steps {
		return full, time.Time{}
	}
	s.wakeAt(began.Add(time.Duration(step+1) * pace))
	return max(1, full*step/steps), began
}
